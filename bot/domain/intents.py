"""Intents: effects that are recorded before they happen, and what became of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """`recorded` waits; `claimed` may have begun; `unknown` needs a human; the others are final."""

    RECORDED = "recorded"
    CLAIMED = "claimed"
    DONE = "done"
    BY_HAND = "by_hand"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


class Ladder(StrEnum):
    """Whether the step leads forward or back."""

    FORWARD = "forward"
    BACK = "back"


@dataclass(frozen=True)
class Intent:
    """One step that shall be done once. `id` is the effect's key; steps of one run are done in `order`.

    `sealed` is what was found before (a running version, a file's hash); `deadline` is the real moment
    after which a claimed effect may be read back by another process.
    """

    rollout: str
    phase: str
    attempt: int
    ladder: Ladder
    order: int
    title: str
    rung: str = ""
    step: int = 0
    stage: Stage = Stage.RECORDED
    tries: int = 0
    deadline: datetime | None = None
    sealed: dict[str, str] = field(default_factory=dict)
    says: str = ""

    @property
    def id(self) -> str:
        return f"{self.rollout}/{self.phase}/{self.attempt}/{self.ladder}/{self.order}"

    @property
    def open(self) -> bool:
        return self.stage in {Stage.RECORDED, Stage.CLAIMED, Stage.FAILED, Stage.UNKNOWN}
