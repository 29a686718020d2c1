"""The timers' twin: due moments in memory, claimed for a minute of real time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.timers import Timer

CLAIMED_FOR: Final = timedelta(minutes=1)


@dataclass
class _Row:
    timer: Timer
    claimed_until: datetime | None = None


class RehearsalTimers:
    """The promises of TimerStore, without a disk."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    async def due(self, *, now: datetime, real: datetime, limit: int = 500) -> tuple[Timer, ...]:
        waiting = [
            row
            for row in self._rows.values()
            if row.timer.due_at <= (real if row.timer.kind.real else now)
            and (row.claimed_until is None or row.claimed_until <= real)
        ]
        claimed = sorted(waiting, key=lambda row: (row.timer.due_at, row.timer.key))[:limit]
        for row in claimed:
            row.claimed_until = real + CLAIMED_FOR
        return tuple(row.timer for row in claimed)

    async def finish(self, timer: Timer, *, again_at: datetime | None = None) -> None:
        row = self._rows.get(timer.key)
        # A timer that was moved, or set anew, meanwhile is another one.
        if row is None or row.timer != timer or row.claimed_until is None:
            return
        if again_at is None:
            del self._rows[timer.key]
        else:
            self.put(replace(timer, due_at=again_at))

    async def finish_all(self, done: Sequence[tuple[Timer, datetime | None]]) -> None:
        for timer, again_at in done:
            await self.finish(timer, again_at=again_at)

    async def add(self, timer: Timer) -> None:
        self.put(timer)

    async def next_due(self) -> tuple[datetime | None, datetime | None]:
        waiting = [row.timer for row in self._rows.values() if row.claimed_until is None]
        moments = {
            kind: min((timer.due_at for timer in waiting if timer.kind.real is kind), default=None)
            for kind in (False, True)
        }
        return moments[False], moments[True]

    def put(self, timer: Timer) -> None:
        """Set the timer or move the one of the same key; a claim on the old moment is void."""
        self._rows[timer.key] = _Row(timer)

    def cancel(self, rollout: str, prefix: str) -> None:
        gone = [key for key, row in self._rows.items() if row.timer.rollout == rollout and key.startswith(prefix)]
        for key in gone:
            del self._rows[key]

    @property
    def all(self) -> tuple[Timer, ...]:
        """Every timer, due or not, in the order of their moments."""
        return tuple(sorted((row.timer for row in self._rows.values()), key=lambda timer: (timer.due_at, timer.key)))
