"""Waking: APScheduler rings when the next timer is due; a sweep finds whatever it missed."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.contextvars import bound_contextvars

from bot.domain.timers import Timer
from bot.jobs.working import guarded
from bot.ports import TimerStore
from bot.workflows.due import Batch, Firing

SWEEP_SECONDS: Final = 1
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
    _under_way: set[Timer] = field(default_factory=set)
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=UTC))

    def ring(self) -> None:
        """Look at the timers soon: something was written."""
        self._bell.set()

    async def run(self) -> None:
        """Sweep for as long as the process lives; a gate that hangs or breaks keeps no other timer waiting."""
        self._scheduler.add_job(self.ring, "interval", seconds=SWEEP_SECONDS, misfire_grace_time=None, coalesce=True)
        self._scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_jumps())
                while True:
                    self._bell.clear()
                    await guarded(self._sweep(group), "timers")
                    await asyncio.sleep(REST_SECONDS)
                    await self._bell.wait()
        finally:
            self._scheduler.shutdown(wait=False)

    async def _sweep(self, group: asyncio.TaskGroup) -> None:
        for batch in await self.firing.due(self._under_way):
            self._under_way.update(batch)
            group.create_task(self._fire(batch))
        await self._arm()

    async def _fire(self, batch: Batch) -> None:
        try:
            with bound_contextvars(rollout=batch[0].rollout, phase=batch[0].phase):
                await guarded(self.firing.fire(batch), batch[0].key, lambda bug: self.firing.broke(batch, bug))
        finally:
            self._under_way.difference_update(batch)
            self.ring()

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
