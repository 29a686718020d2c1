"""What was really done to a sample system, in order, so that effects can be counted at the target."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EffectKind(StrEnum):
    RESTART = "restart"
    STOP = "stop"
    START = "start"
    DEPLOY = "deploy"
    HTTP = "http"


@dataclass(frozen=True)
class Effect:
    """One thing done, with the key that the doer gave it, if he gave one."""

    kind: EffectKind
    detail: str
    key: str | None
    at: datetime

    def as_json(self) -> dict[str, object]:
        return {"kind": self.kind, "detail": self.detail, "key": self.key, "at": self.at.isoformat()}
