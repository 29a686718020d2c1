"""Due: which workflow each kind of timer calls, and what happens when it cannot be finished."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.timers import Timer, TimerKind
from bot.ports import Busy, Clock, TimerStore
from bot.workflows.gates import Gates
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks

log: Final = structlog.get_logger()
SOON: Final = timedelta(seconds=5)
Fire = Callable[[Timer], Awaitable[datetime | None]]


@dataclass(frozen=True)
class Firing:
    """Fires what is due; every timer is finished only when its workflow has recorded what it did."""

    timers: TimerStore
    proposals: Proposals
    gates: Gates
    rollbacks: Rollbacks
    clock: Clock

    async def sweep(self) -> int:
        """Fire everything that is due now; answers how many timers that were."""
        due = await self.timers.due(now=self.clock.now(), real=self.clock.real())
        reading = [timer for timer in due if timer.kind is TimerKind.READ_GATE]
        others = [timer for timer in due if timer.kind is not TimerKind.READ_GATE]
        await asyncio.gather(
            *(self._read_together(batch) for batch in _by_run(reading)),
            *(self._fire(timer, self._doors()[timer.kind]) for timer in others),
        )
        return len(due)

    def _doors(self) -> Mapping[TimerKind, Fire]:
        return {
            TimerKind.READ_NOW: self._read_now,
            TimerKind.SOAK_END: self.gates.soak_due,
            TimerKind.APPROVAL_EXPIRY: self._expire,
            TimerKind.COUNTDOWN: self.rollbacks.countdown_over,
        }

    async def _read_together(self, batch: tuple[Timer, ...]) -> None:
        """Gates of one run that are due together are read at once and written in one transaction."""
        try:
            again = await self.gates.read_due(batch)
        except (Busy, KeyError) as why:
            await self._later(batch, why)
            return
        await self.timers.finish_all([(timer, again.get(timer.key)) for timer in batch])

    async def _fire(self, timer: Timer, fire: Fire) -> None:
        try:
            again = await fire(timer)
        except (Busy, KeyError) as why:
            await self._later((timer,), why)
            return
        await self.timers.finish(timer, again_at=again)

    async def _later(self, batch: Iterable[Timer], why: Exception) -> None:
        for timer in batch:
            log.warning("timer.late", timer=timer.key, why=str(why) or type(why).__name__)
            base = self.clock.real() if timer.kind.real else self.clock.now()
            await self.timers.finish(timer, again_at=base + SOON)

    async def _read_now(self, timer: Timer) -> None:
        await self.gates.read_now(timer)

    async def _expire(self, timer: Timer) -> None:
        await self.proposals.expire(timer)


def _by_run(timers: Iterable[Timer]) -> tuple[tuple[Timer, ...], ...]:
    runs: dict[tuple[str, str, int], list[Timer]] = {}
    for timer in timers:
        runs.setdefault((timer.rollout, timer.phase, timer.attempt), []).append(timer)
    return tuple(tuple(batch) for batch in runs.values())
