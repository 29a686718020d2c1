"""Deliveries: the same one that Slack hands over twice is served once and answered twice.

This is a first layer, for as long as this process lives; that a repeat does no harm rests on the moves themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

T = TypeVar("T")
REMEMBERED: Final = timedelta(minutes=10)


@dataclass
class Deliveries(Generic[T]):
    """What was served in the last ten minutes, by the key that Slack gave it."""

    real: Callable[[], datetime]
    _served: dict[str, tuple[datetime, "asyncio.Task[T]"]] = field(default_factory=dict)

    async def once(self, key: str, serve: Callable[[], Awaitable[T]]) -> T:
        """The answer to this delivery; a repeat waits for the first one's answer and gets the same."""
        self._forget_old()
        known = self._served.get(key) if key else None
        if known is None:
            known = self.real(), asyncio.ensure_future(_awaited(serve))
            if key:
                self._served[key] = known
        return await asyncio.shield(known[1])

    def _forget_old(self) -> None:
        until = self.real() - REMEMBERED
        # Written in the order of time, so the old ones come first.
        for key, (at, _) in tuple(self._served.items()):
            if at > until:
                break
            del self._served[key]


async def _awaited(serve: Callable[[], Awaitable[T]]) -> T:
    return await serve()
