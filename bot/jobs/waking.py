"""Waking: APScheduler rings when the next timer is due; a sweep finds whatever it missed."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.ports import Busy, TimerStore
from bot.workflows.due import Firing

log: Final = structlog.get_logger()
SWEEP_SECONDS: Final = 5
# Never sweep more often than this, however fast a sandbox's clock runs.
REST_SECONDS: Final = 0.2


class Ticking(Protocol):
    """A clock that knows how long to wait in real seconds, and says when it jumped."""

    stirred: asyncio.Event

    def now(self) -> datetime: ...

    def real(self) -> datetime: ...

    def seconds_until(self, moment: datetime) -> float: ...


@dataclass
class Waker:
    """Sweeps when a timer is due, when the clock jumped, when timers were written, and every few seconds."""

    timers: TimerStore
    firing: Firing
    clock: Ticking
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=UTC))

    def ring(self) -> None:
        """Look at the timers soon: something was written."""
        self._bell.set()

    async def run(self) -> None:
        """Sweep for as long as the process lives."""
        self._scheduler.add_job(self.ring, "interval", seconds=SWEEP_SECONDS, misfire_grace_time=None, coalesce=True)
        self._scheduler.start()
        jumps = asyncio.create_task(self._follow_jumps())
        try:
            while True:
                await self._sweep()
                await asyncio.sleep(REST_SECONDS)
                await self._bell.wait()
        finally:
            jumps.cancel()
            self._scheduler.shutdown(wait=False)

    async def _sweep(self) -> None:
        self._bell.clear()
        try:
            await self.firing.sweep()
            await self._arm()
        except Busy as why:
            log.warning("timers.busy", why=str(why))

    async def _arm(self) -> None:
        """Have the bell rung at the next due moment; the interval would find it too, only later."""
        due, real = await self.timers.next_due()
        waits = [self.clock.seconds_until(due)] if due else []
        waits += [(real - self.clock.real()).total_seconds()] if real else []
        if waits:
            at = datetime.now(UTC) + timedelta(seconds=max(min(waits), 0))
            self._scheduler.add_job(
                self.ring, "date", run_date=at, id="next", replace_existing=True, misfire_grace_time=None
            )

    async def _follow_jumps(self) -> None:
        while True:
            await self.clock.stirred.wait()
            self.clock.stirred.clear()
            self.ring()
