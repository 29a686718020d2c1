"""Orders: what the operator on the host asks of the process that acts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class OrderState(StrEnum):
    """TAKEN: a process that acts has seen it; DONE and REFUSED carry the answer."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Order:
    """What the host's operator asks of the process that acts: hold, rollback or abort, and why."""

    id: str
    at: datetime
    operator: str
    verb: str
    rollout: str
    phase: str
    reason: str
    state: OrderState = OrderState.WAITING
    answer: str = ""


class Orders(Protocol):
    """Orders from the command line on the host, which may be given while Slack is down."""

    async def give(self, order: Order) -> None:
        """Durable when it returns; needs no lease."""
        ...

    async def waiting(self) -> tuple[Order, ...]:
        """Those that are not answered yet, oldest first."""
        ...

    async def answer(self, order: str, state: OrderState, answer: str = "") -> None: ...

    async def find(self, order: str) -> Order | None: ...
