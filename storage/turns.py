"""Turns: one write on its way in; until it has entered, its caller can still withdraw it."""

import asyncio
import threading
from typing import Any, Generic, TypeVar

from bot.ports import Delivery
from storage.session import Work

T = TypeVar("T")


class Turn(Generic[T]):
    """A work that waits for the writer. The loop and the writer's thread agree on who decides its end.

    `deadline` is of the monotonic clock; `delivery` is what its caller serves.
    """

    def __init__(
        self, work: Work[T], deadline: float, delivery: Delivery | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.work = work
        self.deadline = deadline
        self.delivery = delivery
        self.loop = loop
        self.future: asyncio.Future[T] = loop.create_future()
        self.gone = False
        self.error: BaseException | None = None
        self._entered = False
        self._lock = threading.Lock()
        self._value: Any = None

    def enter(self) -> bool:
        """From here on it runs to its end; False when it was withdrawn before."""
        with self._lock:
            self._entered = not self.gone
            return self._entered

    def withdraw(self) -> bool:
        """Nothing of it will run; False when it has entered already."""
        with self._lock:
            self.gone = self.gone or not self._entered
            return self.gone

    def worked(self, value: T) -> None:
        self._value, self.error = value, None

    def failed(self, error: BaseException) -> None:
        self.error = error

    def answer(self) -> None:
        """Tell the caller how it ended; in the loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self._value)
        else:
            self.future.set_exception(self.error)


AnyTurn = Turn[Any]
