"""Timers: moments at which something is due; rows that survive a crash."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TimerKind(StrEnum):
    """What is due. COUNTDOWN runs on the real clock, all others on the rollout's clock."""

    READ_GATE = "read-gate"
    READ_NOW = "read-now"
    SOAK_END = "soak-end"
    APPROVAL_EXPIRY = "approval-expiry"
    APPROVAL_REMINDER = "approval-reminder"
    COUNTDOWN = "countdown"

    @property
    def real(self) -> bool:
        return self is TimerKind.COUNTDOWN


@dataclass(frozen=True)
class Timer:
    """One due moment. `key` is unique: writing it again moves it."""

    key: str
    kind: TimerKind
    due_at: datetime
    rollout: str
    phase: str = ""
    attempt: int = 0
    subject: str = ""
