"""The rollout: its phases, their states, and the table of moves between them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from bot.domain.approvals import Approval, Request
from bot.domain.verdicts import Waiver


class State(StrEnum):
    """Where a phase stands; *held* is a flag beside it, not a state."""

    PENDING = "pending"
    PROPOSED = "proposed"
    STARTING = "starting"
    SOAKING = "soaking"
    READY = "ready"
    PASSED = "passed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


class Move(StrEnum):
    """Everything that can change a phase; those that the clockwork makes are marked in the table."""

    PROPOSE = "propose"
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    DENY = "deny"
    EXPIRE = "expire"
    START = "start"
    ABORT = "abort"
    APPLIED = "applied"
    ATTEST = "attest"
    WAIVE = "waive"
    SOAKED = "soaked"
    UNREADY = "unready"
    PROMOTE = "promote"
    HOLD = "hold"
    RESUME = "resume"
    RETRY = "retry"
    SNOOZE = "snooze"
    ROLL_BACK = "rollback"
    BACK = "back"
    TASK_DONE = "done"


@dataclass(frozen=True)
class Transition:
    """One line of the table: from which states the move leads where (None: it stays), and what it needs.

    `held` is None when the flag does not matter; `clockwork` moves are never offered as buttons.
    """

    move: Move
    sources: frozenset[State]
    target: State | None = None
    held: bool | None = None
    clockwork: bool = False
    danger: bool = False


_UNDER_WAY: Final = frozenset({State.STARTING, State.SOAKING, State.READY})
GONE_FORWARD: Final = _UNDER_WAY | {State.PASSED}
_ACTING: Final = frozenset({State.STARTING, State.ROLLING_BACK})
_ANEW: Final = frozenset({State.PENDING, State.ABORTED, State.ROLLED_BACK})

TRANSITIONS: Final = (
    Transition(Move.PROPOSE, _ANEW, State.PROPOSED),
    Transition(Move.APPROVE, frozenset({State.PROPOSED})),
    Transition(Move.WITHDRAW, frozenset({State.PROPOSED})),
    Transition(Move.DENY, frozenset({State.PROPOSED}), State.ABORTED, danger=True),
    Transition(Move.EXPIRE, frozenset({State.PROPOSED}), State.ABORTED, clockwork=True),
    Transition(Move.START, frozenset({State.PROPOSED}), State.STARTING, held=False),
    Transition(Move.ABORT, frozenset({State.PROPOSED, State.STARTING}), State.ABORTED, danger=True),
    Transition(Move.APPLIED, frozenset({State.STARTING}), State.SOAKING, clockwork=True),
    Transition(Move.ATTEST, GONE_FORWARD | {State.PROPOSED, State.ROLLING_BACK}),
    Transition(Move.WAIVE, _UNDER_WAY | {State.PROPOSED}),
    Transition(Move.SOAKED, frozenset({State.SOAKING}), State.READY, held=False, clockwork=True),
    Transition(Move.UNREADY, frozenset({State.READY}), State.SOAKING, clockwork=True),
    Transition(Move.PROMOTE, frozenset({State.READY}), State.PASSED, held=False),
    Transition(Move.HOLD, GONE_FORWARD | {State.PROPOSED}, held=False),
    Transition(Move.RESUME, GONE_FORWARD | {State.PROPOSED}, held=True),
    Transition(Move.RETRY, frozenset({State.STARTING, State.ROLLING_BACK}), held=True),
    Transition(Move.SNOOZE, GONE_FORWARD),
    Transition(Move.ROLL_BACK, GONE_FORWARD, State.ROLLING_BACK, danger=True),
    Transition(Move.BACK, frozenset({State.ROLLING_BACK}), State.ROLLED_BACK, clockwork=True),
    Transition(Move.TASK_DONE, GONE_FORWARD),
)
TABLE: Final = {line.move: line for line in TRANSITIONS}


@dataclass(frozen=True)
class Hold:
    """Why a phase stands still, who said so, and since when. `step` marks a failed step that can be retried."""

    reason: str
    by: str
    at: datetime
    step: str = ""


@dataclass(frozen=True)
class Countdown:
    """An automatic rollback that is announced: which gate failed, and the real moment at which it begins."""

    gate: str
    until: datetime
    snoozes: int = 0


@dataclass(frozen=True)
class PhaseRun:
    """One phase of a rollout: state, attempt, the digest it is bound to, and the answers given."""

    phase: str
    state: State = State.PENDING
    attempt: int = 0
    digest: str = ""
    requested_by: str = ""
    started_by: str = ""
    expires_at: datetime | None = None
    changed_at: datetime | None = None
    quorum: dict[str, int] | None = None
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    hold: Hold | None = None
    countdown: Countdown | None = None
    locked: str = ""
    tasks_done: tuple[str, ...] = ()
    applied_at: datetime | None = None
    overran: bool = False

    @property
    def key(self) -> str:
        """Names this attempt of this phase within its rollout."""
        return f"{self.phase}/{self.attempt}"

    @property
    def request(self) -> Request | None:
        if self.quorum is None or self.expires_at is None:
            return None
        return Request(self.quorum, self.digest, self.requested_by, self.expires_at, self.approvals)

    def opens(self, move: Move) -> bool:
        """Whether the table lets this move run from here."""
        line = TABLE[move]
        return self.state in line.sources and (line.held is None or line.held == (self.hold is not None))

    def moves(self) -> tuple[Move, ...]:
        """The people's moves that are open here, in the table's order."""
        return tuple(line.move for line in TRANSITIONS if not line.clockwork and self.opens(line.move))


@dataclass(frozen=True)
class Rollout:
    """One run of a plan. `version` counts its transitions; `plan_digest` names the copy of the plan it lists."""

    name: str
    plan: str
    phases: tuple[PhaseRun, ...]
    opened_by: str
    opened_at: datetime
    version: int = 0
    closed_at: datetime | None = None

    def run(self, phase: str) -> PhaseRun | None:
        # Asked several times in every decision; a generator would take twice as long.
        for run in self.phases:
            if run.phase == phase:
                return run
        return None

    @property
    def current(self) -> PhaseRun:
        """The phase that acts; else the one under way; else the last that was touched; else the first."""
        # A proposal may stand while an older phase goes back; what acts is what people must see.
        acting = [run for run in self.phases if run.state in _ACTING]
        under_way = [run for run in self.phases if run.state in {State.PROPOSED, State.SOAKING, State.READY}]
        touched = [run for run in self.phases if run.state is not State.PENDING]
        return (acting or under_way or touched or self.phases[:1])[-1]

    @property
    def newest_forward(self) -> PhaseRun | None:
        """The newest phase that has gone forward and not come back: the only one that may roll back."""
        forward = [run for run in self.phases if run.state in GONE_FORWARD | {State.ROLLING_BACK}]
        # By time, not by the plan's order: two phases may come after the same one. `max` answers the first of
        # equals, so the plan is read backwards.
        return max(reversed(forward), key=_forward_since, default=None)

    @property
    def watched(self) -> PhaseRun | None:
        """The run whose gates are read on their intervals: the newest that has gone forward, passed ones included.

        An older phase's gates speak of a state that the newer phase has changed on purpose.
        """
        newest = self.newest_forward
        return newest if newest is not None and newest.state is not State.ROLLING_BACK else None

    def with_run(self, run: PhaseRun) -> "Rollout":
        """The rollout with this run in the place of the one of the same phase, one version on."""
        if self.run(run.phase) is None:  # a phase that the plan gained while the rollout was under way
            return replace(self, phases=(*self.phases, run), version=self.version + 1)
        runs = tuple(run if each.phase == run.phase else each for each in self.phases)
        return replace(self, phases=runs, version=self.version + 1)


def _forward_since(run: PhaseRun) -> tuple[bool, datetime]:
    # What acts now is the newest: nothing else starts meanwhile, and only the newest goes back.
    return run.state in _ACTING, run.applied_at or datetime.min.replace(tzinfo=UTC)
