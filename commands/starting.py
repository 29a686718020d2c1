"""Starting: preview a phase, propose it, and run what was approved."""

from bot.domain.permissions import Right
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move
from bot.ports import Unresolvable
from bot.views.message import Message
from bot.views.previews import preview, preview_meanings
from commands.desk import Asked, Desk, Press, Result, Takes, Verb


async def show_preview(desk: Desk, asked: Asked) -> Message | Refusal:
    shown = await desk.office.proposals.preview(asked.plan, asked.phase)
    if isinstance(shown, Refusal):
        return shown
    return preview(shown, await desk.ids(*preview_meanings(shown)))


async def propose_or_begin(desk: Desk, asked: Asked) -> Result:
    return await desk.office.proposals.start(asked.plan, asked.phase, asked.person)


async def propose_as_previewed(desk: Desk, asked: Asked) -> Result:
    """Propose what the button's preview showed, and nothing else."""
    seen = asked.meaning.digest if asked.meaning else ""
    try:
        _, digest = desk.office.shelf.resolve(asked.plan, asked.phase)
    except (Unresolvable, KeyError) as why:
        return Refusal("unresolvable", f"{asked.phase} cannot be proposed: {why}.")
    if seen and digest != seen:
        offer = ("preview", asked.phase)
        return Refusal("changed", "This has changed since the preview; nothing was proposed.", "Look again.", offer)
    return await propose_or_begin(desk, asked)


async def begin(desk: Desk, asked: Asked) -> Result:
    """Use the approvals; never proposes, so that a late press on an old card asks nobody anew."""
    if asked.live is None:
        return Refusal("not-now", f"{asked.phase} is not proposed.")
    return await desk.office.proposals.begin(asked.live, asked.phase, asked.person)


VERBS = (
    Verb(
        "preview",
        "preview [PHASE]",
        "what starting it would do; changes nothing",
        show_preview,
        Right.RUN,
        Takes.FORWARD,
        needs_live=False,
    ),
    Verb(
        "start",
        "start [PHASE]",
        "ask the guilds; once they agreed, run it",
        propose_or_begin,
        Right.RUN,
        Takes.FORWARD,
        Move.START,
        needs_live=False,
    ),
)
PRESSES = (
    Press("preview", show_preview, Right.RUN),
    Press(Move.PROPOSE, propose_as_previewed, Right.RUN),
    Press(Move.START, begin, Right.RUN),
)
