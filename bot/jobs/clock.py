"""Clocks: the wall's, and a sandbox's that runs faster and can jump."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp
import structlog

log: Final = structlog.get_logger()


@dataclass
class WallClock:
    """Production's clock: `now` and `real` are the same."""

    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def seconds_until(self, moment: datetime) -> float:
        """Real seconds until a moment of this clock."""
        return (moment - self.now()).total_seconds()

    async def follow(self) -> None:
        """Nothing to follow: the wall's clock never jumps."""
        await asyncio.Event().wait()


@dataclass
class SandboxClock(WallClock):
    """A clock that a sandbox leads: it is asked where it stands, and told when it jumps. Never in production."""

    url: str = ""
    speed: float = 1.0
    version: int = -1
    _base: datetime = field(default_factory=lambda: datetime.now(UTC))
    _since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self._base + (datetime.now(UTC) - self._since) * self.speed

    def seconds_until(self, moment: datetime) -> float:
        return (moment - self.now()) / timedelta(seconds=1) / self.speed

    async def read(self, session: aiohttp.ClientSession, *, wait: int = 0) -> None:
        """Ask once; with `wait`, the answer comes when the clock jumps or the wait is over."""
        query = {"version": str(self.version), "wait": str(wait)} if wait else {}
        asked = datetime.now(UTC)
        async with session.get(self.url, params=query, timeout=aiohttp.ClientTimeout(total=wait + 5)) as answer:
            told = await answer.json()
        self._since = datetime.now(UTC) if wait else asked + (datetime.now(UTC) - asked) / 2
        self._base = datetime.fromisoformat(told["now"])
        self.speed = float(told["speed"])
        if told["version"] != self.version:
            self.version = int(told["version"])
            self.stirred.set()

    async def follow(self) -> None:
        """Keep in step with the sandbox for as long as the process lives."""
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    await self.read(session, wait=20)
                except (aiohttp.ClientError, TimeoutError) as why:
                    log.warning("clock.unreachable", url=self.url, why=str(why))
                    await asyncio.sleep(1)
