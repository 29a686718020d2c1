"""Answering: results of workflows, troubles and bugs become what the person is told."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from bot.domain.entries import Happened
from bot.domain.refusals import Refusal
from bot.ports import Chained, Change, Meaning
from bot.views.answers import refusal, refusal_meanings
from bot.views.blocks import section
from bot.views.message import Message
from bot.views.text import escape, who
from commands.desk import Asked, Desk, Result

# What a recorded change is called when it is confirmed or when somebody was quicker.
PAST: Final = {
    Happened.PHASE_PROPOSED: "proposed",
    Happened.APPROVAL_GIVEN: "approved",
    Happened.APPROVAL_WITHDRAWN: "left with one approval less",
    Happened.APPROVAL_EXPIRED: "left to expire",
    Happened.REMINDER_SNOOZED: "given a later reminder",
    Happened.PHASE_DENIED: "denied",
    Happened.PHASE_STARTED: "started",
    Happened.PHASE_ABORTED: "aborted",
    Happened.PHASE_HELD: "held",
    Happened.PHASE_RESUMED: "resumed",
    Happened.STEP_RETRIED: "set to retry its step",
    Happened.STEP_ATTESTED: "told that a step was done by hand",
    Happened.GATE_ATTESTED: "attested",
    Happened.GATE_WAIVED: "given a waiver",
    Happened.PHASE_PROMOTED: "promoted",
    Happened.COUNTDOWN_SNOOZED: "given more time",
    Happened.ROLLBACK_BEGAN: "sent back",
    Happened.PHASE_ROLLED_BACK: "rolled back",
    Happened.TASK_DONE: "told that a task is done",
    Happened.ROLLOUT_CLOSED: "closed",
}
# The moves that only one person can be first with, and the entries that they leave.
LEAVES: Final = {
    "propose": Happened.PHASE_PROPOSED,
    "deny": Happened.PHASE_DENIED,
    "start": Happened.PHASE_STARTED,
    "abort": Happened.PHASE_ABORTED,
    "hold": Happened.PHASE_HELD,
    "resume": Happened.PHASE_RESUMED,
    "retry": Happened.STEP_RETRIED,
    "promote": Happened.PHASE_PROMOTED,
    "rollback": Happened.ROLLBACK_BEGAN,
    "close": Happened.ROLLOUT_CLOSED,
}
# A start that did not come about although something was recorded; said even where a press needs no word.
INSTEAD: Final = {
    Happened.PROPOSAL_CHANGED: "It was not started: what was approved has changed since, so every yes is void and "
    "the guilds are asked anew.",
    Happened.APPROVAL_LAPSED: "It was not started: somebody who approved is no longer in that guild, and that yes is "
    "gone.",
}
_OVERTAKEN: Final = frozenset({"not-now", "already", "stale", "closed", "busy", "order"})


async def said(desk: Desk, asked: Asked, result: Result) -> Message | None:
    """The words for a result. A press that shows on the card needs none; typed words always get an answer."""
    if isinstance(result, Refusal):
        return await refused(desk, result, asked.rollout, asked.plan.name, await quicker(desk, asked, result))
    if not isinstance(result, Change):
        return result
    kinds = [entry.kind for entry in result.entries]
    instead = next((INSTEAD[kind] for kind in kinds if kind in INSTEAD), None)
    if instead:
        return Message(instead)
    # In a direct conversation there is no card that would show it.
    shows = asked.meaning is not None and not asked.ask.channel.startswith("D")
    return None if shows else Message(f"Recorded: {_words(asked, result.rollout.name, kinds)}.")


def _words(asked: Asked, rollout: str, kinds: Iterable[Happened]) -> str:
    kind = next((kind for kind in kinds if kind in PAST), None)
    about = "" if kind is Happened.ROLLOUT_CLOSED else f", {escape(asked.phase)}"
    return f"{escape(rollout)}{about} is {PAST[kind] if kind else 'noted'}"


async def refused(desk: Desk, no: Refusal, rollout: str = "", plan: str = "", more: str = "") -> Message:
    """A rule's no with its remedy, and with a button where one would help."""
    shown = refusal(no, await desk.ids(*refusal_meanings(no, rollout, plan)))
    if not more:
        return shown
    return Message(f"{shown.text} {more}", (*shown.blocks, section(more)) if shown.blocks else ())


async def quicker(desk: Desk, asked: Asked, no: Refusal) -> str:
    """Who was quicker, and when, if that is what the no is about."""
    if no.code not in _OVERTAKEN or not asked.live or asked.meaning is None:
        return ""
    return await overtaken(desk, asked.rollout, asked.meaning)


async def overtaken(desk: Desk, rollout: str, meaning: Meaning) -> str:
    """Who was quicker: already promoted 12 s ago by somebody, or what else happened to the phase last."""
    entries = await desk.office.ledger.entries(f"rollout/{rollout}", last=60)
    mine = [each for each in entries if each.entry.phase in {meaning.phase, ""} and each.entry.kind in PAST]
    moved = [each for each in mine if each.entry.kind in LEAVES.values()]
    if moved and moved[-1].entry.kind is LEAVES.get(meaning.move):
        return f"Already {_told(desk, moved[-1])}."
    return f"Meanwhile {escape(meaning.phase or rollout)} was {_told(desk, mine[-1])}." if mine else ""


def _told(desk: Desk, chained: Chained) -> str:
    return f"{PAST[chained.entry.kind]} {ago(desk.now - chained.at)} by {who(chained.entry.actor)}"


def ago(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
