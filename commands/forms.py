"""Forms: a verb that was typed without its reason opens the form that asks for it."""

from bot.domain.moves import illegal
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move
from bot.ports import Meaning
from commands.desk import Act, Asked, Desk, Result
from commands.pressing import opened


def with_reason(move: Move, act: Act) -> Act:
    """`act` when a reason was typed, else the form of `move`."""

    async def either(desk: Desk, asked: Asked) -> Result:
        return await act(desk, asked) if asked.reason else await ask_for(desk, asked, move)

    return either


async def ask_for(desk: Desk, asked: Asked, move: Move, subject: str = "") -> Result:
    """Open the form; where Slack gives nothing to open it with, the reason has to be typed."""
    no = illegal(asked.live.rollout, asked.run, move) if asked.live else None
    if no:
        return no
    if not asked.ask.trigger:
        return Refusal("reason", "This needs a reason.", f"Add it: `{move.value} {subject or asked.phase} because …`.")
    run = asked.run
    meaning = Meaning(asked.rollout, move.value, run.phase, run.attempt, run.digest, subject)
    return await opened(desk, asked, meaning)
