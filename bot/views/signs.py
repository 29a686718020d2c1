"""Signs: one small fixed set, each with its word beside it, since a sign alone tells nothing to many readers."""

from collections.abc import Mapping
from typing import Final

from bot.domain.intents import Stage
from bot.domain.rollout import PhaseRun, State
from bot.domain.standing import Stand
from bot.domain.verdicts import Outcome

STATES: Final[Mapping[State, str]] = {
    State.PENDING: "⚪",
    State.PROPOSED: "📋",
    State.STARTING: "🔄",
    State.SOAKING: "⏳",
    State.READY: "🟢",
    State.PASSED: "✅",
    State.ROLLING_BACK: "⏪",
    State.ROLLED_BACK: "↩️",
    State.ABORTED: "⛔",
}
STANDS: Final[Mapping[Stand, str]] = {
    Stand.FAIL: "❌",
    Stand.ERROR: "⚠️",
    Stand.INCONCLUSIVE: "❔",
    Stand.STALE: "⌛",
    Stand.UNREAD: "⚪",
    Stand.WAITS: "🔔",
    Stand.WAIVED: "🛡️",
    Stand.ATTESTED: "📝",
    Stand.PASS: "✅",
}
OUTCOMES: Final[Mapping[Outcome, str]] = {each: STANDS[Stand(each.value)] for each in Outcome}
STAGES: Final[Mapping[Stage, tuple[str, str]]] = {
    Stage.RECORDED: ("⚪", "waits"),
    Stage.CLAIMED: ("🔄", "under way"),
    Stage.DONE: ("✅", "done"),
    Stage.BY_HAND: ("🔔", "by hand"),
    Stage.FAILED: ("❌", "failed"),
    Stage.UNKNOWN: ("❔", "waits for somebody's word"),
    Stage.DROPPED: ("➖", "dropped"),
}
HELD: Final = "⏸️"
LOCKED: Final = "🔒"


def state(run: PhaseRun) -> str:
    """The sign and the word of a phase's state, held or not."""
    held = f" · {HELD} held" if run.hold else ""
    return f"{STATES[run.state]} {run.state.words}{held}"
