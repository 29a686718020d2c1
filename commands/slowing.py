"""Slowing: what is turned away leaves at a steady pace, so that a flood of it costs the others next to nothing."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass
class SlowLane:
    """Lets `rate` through in a second after the first `burst`; whoever would wait longer than `most` need not wait."""

    sleep: Callable[[float], Awaitable[None]]
    elapsed: Callable[[], float] = time.monotonic
    rate: float = 200
    burst: float = 20
    most: float = 2.0
    _next: float = 0.0

    async def wait(self) -> None:
        now = self.elapsed()
        turn = max(self._next, now - self.burst / self.rate)
        if turn - now > self.most:
            return
        self._next = turn + 1 / self.rate
        if turn > now:
            await self.sleep(turn - now)
