"""Due: which workflow each kind of timer calls, and what happens when it cannot be finished."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain import moves
from bot.domain.entries import Happened
from bot.domain.people import CLOCKWORK
from bot.domain.posts import Place
from bot.domain.rollout import Hold, Rollout
from bot.domain.timers import Timer, TimerKind
from bot.ports import Busy, Change, Clock, Snapshot, TimerStore
from bot.workflows.changes import change, told
from bot.workflows.gates import Gates
from bot.workflows.proposals import Proposals
from bot.workflows.reminders import Reminders
from bot.workflows.rollback import Rollbacks

log: Final = structlog.get_logger()
SOON: Final = timedelta(seconds=5)
Batch = tuple[Timer, ...]
Again = Mapping[str, datetime]
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
        """Fire everything that is due now and wait for it; answers how many timers that were."""
        batches = await self.due()
        await asyncio.gather(*(self.fire(batch) for batch in batches))
        return sum(map(len, batches))

    async def due(self, under_way: Collection[Timer] = ()) -> tuple[Batch, ...]:
        """Claim what is due, in batches that may be fired beside each other, without what is under way already."""
        claimed = await self.timers.due(now=self.clock.now(), real=self.clock.real())
        due = [timer for timer in claimed if timer not in under_way]
        reading = (timer for timer in due if timer.kind is TimerKind.READ_GATE)
        return *_by_run(reading), *((timer,) for timer in due if timer.kind is not TimerKind.READ_GATE)

    async def fire(self, batch: Batch) -> None:
        """Call the workflow, then finish the timers; what raises leaves them claimed, to be tried in a minute."""
        try:
            again = await self._called(batch)
        except Busy as why:
            await self._later(batch, why)
            return
        await self.timers.finish_all([(timer, again.get(timer.key)) for timer in batch])

    async def broke(self, batch: Batch, bug: str) -> bool:
        """Hold the phase at whose timer the bot itself broke; False when it stands still or is gone already."""
        timer = batch[0]

        def decide(seen: Snapshot) -> Change | None:
            run = seen.rollout.run(timer.phase)
            if run is None or run.attempt != timer.attempt:
                return None
            reason = f"the bot broke at a timer ({timer.kind.value}, {bug}); its log has the stack"
            after = moves.hold(seen.rollout, run, Hold(reason, CLOCKWORK.id, self.clock.now()))
            if not isinstance(after, Rollout):
                return None
            return change(after, [told(Happened.PHASE_HELD, CLOCKWORK, run.phase, Place.CHANNEL, reason=reason)])

        return await self.gates.rollouts.change(timer.rollout, decide) is not None

    async def _called(self, batch: Batch) -> Again:
        """When each timer is due again, by its key; one that is not named has done its work."""
        timer = batch[0]
        if timer.kind is TimerKind.READ_GATE:
            # Gates of one run that are due together are read at once and written in one transaction.
            return await self.gates.read_due(batch)
        again = await self._doors()[timer.kind](timer)
        return {timer.key: again} if again else {}

    def _doors(self) -> Mapping[TimerKind, Fire]:
        return {
            TimerKind.READ_NOW: self._read_now,
            TimerKind.SOAK_END: self.gates.soak_due,
            TimerKind.APPROVAL_EXPIRY: self._expire,
            TimerKind.APPROVAL_REMINDER: self._remind,
            TimerKind.COUNTDOWN: self.rollbacks.countdown_over,
        }

    async def _later(self, batch: Batch, why: Busy) -> None:
        log.warning("timer.late", timers=[timer.key for timer in batch], why=str(why))
        base = self.clock.real() if batch[0].kind.real else self.clock.now()
        await self.timers.finish_all([(timer, base + SOON) for timer in batch])

    async def _read_now(self, timer: Timer) -> None:
        await self.gates.read_now(timer)

    async def _expire(self, timer: Timer) -> None:
        await self.proposals.expire(timer)

    async def _remind(self, timer: Timer) -> None:
        await Reminders(self.proposals.rollouts, self.clock).remind(timer)


def _by_run(timers: Iterable[Timer]) -> tuple[Batch, ...]:
    runs: dict[tuple[str, str, int], list[Timer]] = {}
    for timer in timers:
        runs.setdefault((timer.rollout, timer.phase, timer.attempt), []).append(timer)
    return tuple(tuple(batch) for batch in runs.values())
