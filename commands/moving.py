"""Moving: promote, hold, resume, retry, abort, go back, tick off and close."""

from dataclasses import replace

from bot.domain.permissions import Right
from bot.domain.reasons import next_phase
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move
from bot.ports import Busy, Change, LostLease, Unreachable
from bot.views.blocks import section
from bot.views.limits import fit
from bot.views.message import Message
from bot.views.text import escape
from commands.desk import Asked, Desk, Press, Result, Takes, Verb
from commands.forms import with_reason
from commands.starting import show_preview


async def promote(desk: Desk, asked: Asked) -> Result:
    """Pass the phase, then show what the next one would do."""
    result = await desk.office.progress.promote(asked.rollout, asked.phase, asked.person)
    after = next_phase(result.rollout, asked.plan) if isinstance(result, Change) else None
    if after is None:
        return result
    try:
        shown = await show_preview(desk, replace(asked, phase=after.name))
    except (Busy, LostLease, Unreachable):
        # The promotion is recorded; only its courtesy failed, and that must not be told as its failure.
        return result
    done = f"Recorded: {escape(asked.rollout)}, {escape(asked.phase)} is promoted."
    if isinstance(shown, Refusal):
        return Message(f"{done} {escape(f'{after.name}: {shown}')}")
    return fit(Message(f"{done} {shown.text}", (section(done), *shown.blocks)))


async def hold(desk: Desk, asked: Asked) -> Result:
    return await desk.office.progress.hold(asked.rollout, asked.phase, asked.reason, asked.person)


async def resume(desk: Desk, asked: Asked) -> Result:
    return await desk.office.progress.resume(asked.rollout, asked.phase, asked.person)


async def retry(desk: Desk, asked: Asked) -> Result:
    return await desk.office.rollbacks.retry(asked.rollout, asked.phase, asked.person)


async def abort(desk: Desk, asked: Asked) -> Result:
    return await desk.office.progress.abort(asked.rollout, asked.phase, asked.reason, asked.person)


async def roll_back(desk: Desk, asked: Asked) -> Result:
    return await desk.office.rollbacks.begin(asked.rollout, asked.phase, asked.reason, asked.person)


async def snooze(desk: Desk, asked: Asked) -> Result:
    return await desk.office.rollbacks.snooze(asked.rollout, asked.phase, asked.person)


async def close(desk: Desk, asked: Asked) -> Result:
    return await desk.office.progress.close(asked.rollout, asked.person)


async def done_by_hand(desk: Desk, asked: Asked) -> Result:
    step = asked.meaning.subject if asked.meaning else ""
    statement = " ".join(asked.form.get("statement", ()))
    return await desk.office.rollbacks.by_hand(asked.rollout, asked.phase, step, statement, asked.person)


async def tick_off(desk: Desk, asked: Asked) -> Result:
    task = asked.meaning.subject if asked.meaning else ""
    return await desk.office.progress.task_done(asked.rollout, asked.phase, task, asked.person)


VERBS = (
    Verb(
        "hold",
        "hold [PHASE] REASON",
        "stop moving forward",
        with_reason(Move.HOLD, hold),
        Right.HOLD,
        Takes.REASON,
        Move.HOLD,
    ),
    Verb("resume", "resume [PHASE]", "lift a hold", resume, Right.RUN, Takes.PHASE, Move.RESUME),
    Verb("promote", "promote [PHASE]", "pass it and see the next one", promote, Right.RUN, Takes.PHASE, Move.PROMOTE),
    Verb(
        "abort",
        "abort [PHASE] REASON",
        "end it before its first effect",
        with_reason(Move.ABORT, abort),
        Right.RUN,
        Takes.REASON,
        Move.ABORT,
    ),
    Verb(
        "rollback",
        "rollback [PHASE] REASON",
        "take it back, rung by rung",
        with_reason(Move.ROLL_BACK, roll_back),
        Right.BACK,
        Takes.REASON,
        Move.ROLL_BACK,
    ),
    Verb("close", "close", "end the rollout; nothing is watched any more", close, Right.RUN),
)
PRESSES = (
    Press(Move.HOLD, hold, Right.HOLD),
    Press(Move.RESUME, resume, Right.RUN),
    Press(Move.RETRY, retry, Right.RUN),
    Press(Move.PROMOTE, promote, Right.RUN),
    Press(Move.ABORT, abort, Right.RUN),
    Press(Move.ROLL_BACK, roll_back, Right.BACK),
    Press(Move.SNOOZE, snooze, Right.BACK),
    Press(Move.TASK_DONE, tick_off, Right.HOLD, by_guild=True),
    Press("by-hand", done_by_hand, Right.BACK),
    Press("close", close, Right.RUN),
)
