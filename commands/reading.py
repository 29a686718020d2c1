"""Reading: help, plans, status, why, next, flags and what a code means; they change nothing."""

from bot.domain.codes import CODES, nearest
from bot.domain.permissions import Right, may
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun
from bot.ports import Unresolvable
from bot.views import answers
from bot.views.message import Message
from commands.desk import Asked, Desk, Press, Result, Takes, Verb


async def plans(desk: Desk, _asked: Asked) -> Message:
    return answers.plans(desk.office.shelf.plans(), await desk.office.rollouts.live())


async def status(desk: Desk, asked: Asked) -> Message:
    return answers.status((asked.live,) if asked.live else (), desk.now)


async def why(desk: Desk, asked: Asked) -> Result:
    return answers.why(asked.live, asked.run, desk.now) if asked.live else None


async def next_steps(desk: Desk, asked: Asked) -> Result:
    return answers.next_steps(asked.live, asked.run, desk.now) if asked.live else None


async def explain(_desk: Desk, asked: Asked) -> Result:
    """What a code of a refusal means; without one, all of them by name."""
    code = asked.rest[0].lower() if asked.rest else ""
    if code and code not in CODES:
        close = ", ".join(nearest(code))
        remedy = f"Did you mean {close}?" if close else "`/rollout explain` lists them."
        return Refusal("unknown-code", f"There is no code '{code}'.", remedy)
    return answers.explained(code)


async def flags(desk: Desk, asked: Asked) -> Result:
    """The phase's flags against the target's file as it is now."""
    try:
        copy, _ = desk.office.shelf.resolve(asked.plan, asked.phase)
    except Unresolvable as no:
        return Refusal("unresolvable", str(no))
    return answers.flags(copy, await desk.office.proposals.sheet.differences(copy))


def helping(verbs: tuple[Verb, ...]) -> Verb:
    """The help verb over all the others and itself."""

    async def show(_desk: Desk, asked: Asked) -> Message:
        rows = [(verb.usage, verb.help, _closed(asked, verb)) for verb in (*verbs, own)]
        state = f"{asked.run.phase} is {asked.run.state.words}{', held' if asked.run.hold else ''}"
        return answers.help_for(asked.person.name, rows, state if asked.live else f"no rollout of {asked.plan.title}")

    own = Verb("help", "help", "what you can do now", show, Right.READ, needs_live=False)
    return own


def _closed(asked: Asked, verb: Verb) -> Refusal | None:
    """Why this verb is of no use to this person now: by right, by the table of moves, or for want of a rollout."""
    if verb.right is None:
        return Refusal("permission", "Nobody may do this.")
    no = may(asked.person, verb.right, asked.run_by, asked.quorum)
    if no or (asked.live is None and not verb.needs_live):
        return no
    if asked.live is None:
        return Refusal("no-rollout", "No rollout is under way.")
    return _not_now(asked.run, verb)


def _not_now(run: PhaseRun, verb: Verb) -> Refusal | None:
    # `start` proposes as well, and which phase that is depends on what is typed.
    if verb.move is None or verb.takes is Takes.FORWARD or run.opens(verb.move):
        return None
    return Refusal("not-now", f"{run.phase} is {run.state.words}.")


VERBS = (
    Verb("plans", "plans", "the plans and where they live", plans, Right.READ, needs_live=False, anywhere=True),
    Verb("status", "status", "where the rollout stands", status, Right.READ),
    Verb("why", "why [PHASE]", "why it does not go on", why, Right.READ, Takes.PHASE),
    Verb("next", "next [PHASE]", "what comes next, and who can do it", next_steps, Right.READ, Takes.PHASE),
    Verb("flags", "flags [PHASE]", "its flags against the target's", flags, Right.READ, Takes.PHASE, needs_live=False),
    Verb(
        "explain",
        "explain [CODE]",
        "what a code means, and what to do",
        explain,
        Right.READ,
        Takes.FREE,
        needs_live=False,
        anywhere=True,
    ),
)
PRESSES = (Press("why", why, Right.READ),)
