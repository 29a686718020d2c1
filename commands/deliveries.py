"""Deliveries: the same one that Slack hands over twice is served once and answered twice.

This is the layer in memory, for as long as this process lives; the store keeps the keys of what was recorded beside
what was recorded, and that a repeat does no harm rests in the end on the moves themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

T = TypeVar("T")
REMEMBERED: Final = timedelta(minutes=10)


@dataclass
class Deliveries(Generic[T]):
    """What was served in the last ten minutes, by every key that would show a repeat."""

    real: Callable[[], datetime]
    _served: dict[str, tuple[datetime, "asyncio.Task[T]"]] = field(default_factory=dict)

    async def once(self, keys: Iterable[str], serve: Callable[[], Awaitable[T]]) -> T:
        """The answer to this delivery; a repeat waits for the first one's answer and gets the same."""
        self._forget_old()
        named = tuple(filter(None, keys))
        known = next((self._served[key] for key in named if key in self._served), None)
        if known is None:
            known = self.real(), asyncio.ensure_future(_awaited(serve))
            self._served |= dict.fromkeys(named, known)
        return await asyncio.shield(known[1])

    def _forget_old(self) -> None:
        until = self.real() - REMEMBERED
        # Written in the order of time, so the old ones come first.
        old = []
        for key, (at, _) in self._served.items():
            if at > until:
                break
            old.append(key)
        for key in old:
            del self._served[key]


async def _awaited(serve: Callable[[], Awaitable[T]]) -> T:
    return await serve()
