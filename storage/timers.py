"""Timers: due moments that survive a crash, claimed once and kept until they are finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, func, select

from bot.domain.timers import Timer, TimerKind
from storage import upserts
from storage.database import Database
from storage.lease import Fence
from storage.tables import TimerRow

CLAIMED_FOR: Final = timedelta(minutes=1)


def put_timers(session: Session, timers: Sequence[Timer]) -> None:
    """Set timers, or move those of the same key; a claim on the old moment is void."""
    rows = [
        {
            "key": timer.key,
            "kind": timer.kind.value,
            "due_at": timer.due_at,
            "real": timer.kind.real,
            "rollout": timer.rollout,
            "phase": timer.phase,
            "attempt": timer.attempt,
            "subject": timer.subject,
            "claimed_by": None,
            "claimed_until": None,
        }
        for timer in timers
    ]
    upserts.put(session, TimerRow, rows)


@dataclass(frozen=True)
class TimerStore:
    """The timers, as `bot.ports.TimerStore` promises them."""

    database: Database
    lease: Fence

    async def due(self, *, now: datetime, real: datetime, limit: int = 500) -> tuple[Timer, ...]:
        """Claim what is due. The claims of an earlier holder of the lease count for nothing."""
        waiting = (
            select(TimerRow)
            .where(_is_due(now, real), self._unclaimed(real))
            .order_by(col(TimerRow.due_at), TimerRow.key)
            .limit(limit)
        )

        def work(session: Session) -> tuple[Timer, ...]:
            self.lease.check(session)
            rows = session.exec(waiting).all()
            for row in rows:
                row.claimed_by, row.claimed_until = self.lease.fence, real + CLAIMED_FOR
                session.add(row)
            return tuple(_timer(row) for row in rows)

        # Most sweeps find nothing; those need not stand in the writers' queue.
        if not await self.database.read(lambda session: session.exec(waiting.limit(1)).first() is not None):
            return ()
        return await self.database.write(work)

    async def finish(self, timer: Timer, *, again_at: datetime | None = None) -> None:
        """Delete it, or let it wait for `again_at`; one that was moved or cancelled meanwhile is left as it is."""
        await self.finish_all(((timer, again_at),))

    async def finish_all(self, done: Sequence[tuple[Timer, datetime | None]]) -> None:
        """The same for several, in one transaction."""

        def work(session: Session) -> None:
            self.lease.check(session)
            for timer, again_at in done:
                _finish(session, timer, again_at)

        await self.database.write(work)

    async def add(self, timer: Timer) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            put_timers(session, (timer,))

        await self.database.write(work)

    async def next_due(self) -> tuple[datetime | None, datetime | None]:
        """Of the timers that nobody is working on; an expired claim of our own is found by the sweep."""
        abandoned = col(TimerRow.claimed_by).is_distinct_from(self.lease.fence)
        earliest = select(TimerRow.real, func.min(TimerRow.due_at)).where(
            or_(col(TimerRow.claimed_until).is_(None), abandoned)
        )

        def work(session: Session) -> tuple[datetime | None, datetime | None]:
            found = dict(session.exec(earliest.group_by(col(TimerRow.real))).all())
            return found.get(False), found.get(True)

        return await self.database.read(work)

    def _unclaimed(self, real: datetime) -> ColumnElement[bool]:
        return or_(
            col(TimerRow.claimed_until).is_(None),
            col(TimerRow.claimed_until) <= real,
            col(TimerRow.claimed_by).is_distinct_from(self.lease.fence),
        )


def _is_due(now: datetime, real: datetime) -> ColumnElement[bool]:
    return or_(
        and_(~col(TimerRow.real), col(TimerRow.due_at) <= now),
        and_(col(TimerRow.real), col(TimerRow.due_at) <= real),
    )


def _timer(row: TimerRow) -> Timer:
    return Timer(row.key, TimerKind(row.kind), row.due_at, row.rollout, row.phase, row.attempt, row.subject)


def _finish(session: Session, timer: Timer, again_at: datetime | None) -> None:
    row = session.get(TimerRow, timer.key)
    if row is None or row.claimed_until is None or row.due_at != timer.due_at:
        return
    if again_at is None:
        session.delete(row)
        return
    row.due_at, row.claimed_by, row.claimed_until = again_at, None, None
    session.add(row)
