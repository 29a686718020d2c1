"""Timers: due moments that survive a crash, claimed once and kept until they are finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, update
from sqlmodel import col, func, select

from bot.domain.timers import Timer, TimerKind
from storage import upserts
from storage.database import Database
from storage.lease import Fence
from storage.moments import read
from storage.session import Session
from storage.statements import Statement
from storage.tables import TimerRow

CLAIMED_FOR: Final = timedelta(minutes=1)
_COLUMNS: Final = ("key", "kind", "due_at", "real", "rollout", "phase", "attempt", "subject")
_PUT: Final = upserts.over(TimerRow, (*_COLUMNS, "claimed_by", "claimed_until"))


def _unclaimed() -> ColumnElement[bool]:
    return or_(
        col(TimerRow.claimed_until).is_(None),
        col(TimerRow.claimed_until) <= bindparam("wall"),
        col(TimerRow.claimed_by).is_distinct_from(bindparam("fence")),
    )


def _is_due() -> ColumnElement[bool]:
    return or_(
        and_(~col(TimerRow.real), col(TimerRow.due_at) <= bindparam("now")),
        and_(col(TimerRow.real), col(TimerRow.due_at) <= bindparam("wall")),
    )


_DUE: Final = Statement(
    lambda _: (
        select(*(getattr(TimerRow, name) for name in _COLUMNS if name != "real"))
        .where(_is_due(), _unclaimed())
        .order_by(col(TimerRow.due_at), col(TimerRow.key))
        .limit(bindparam("most"))
    )
)
_CLAIM: Final = Statement(
    lambda _: (
        update(TimerRow)
        .where(col(TimerRow.key) == bindparam("timer"))
        .values(claimed_by=bindparam("fence"), claimed_until=bindparam("until"))
    )
)


def _as_handed_out() -> ColumnElement[bool]:
    """What was moved or cancelled meanwhile has no claim, or another moment."""
    return and_(
        col(TimerRow.key) == bindparam("timer"),
        col(TimerRow.claimed_until).is_not(None),
        col(TimerRow.due_at) == bindparam("due"),
    )


_DONE: Final = Statement(lambda _: delete(TimerRow).where(_as_handed_out()))
_AGAIN: Final = Statement(
    lambda _: (
        update(TimerRow).where(_as_handed_out()).values(due_at=bindparam("again"), claimed_by=None, claimed_until=None)
    )
)
_NEXT: Final = Statement(
    lambda _: (
        select(col(TimerRow.real), func.min(TimerRow.due_at))
        .where(
            or_(
                col(TimerRow.claimed_until).is_(None),
                col(TimerRow.claimed_by).is_distinct_from(bindparam("fence")),
            )
        )
        .group_by(col(TimerRow.real))
    )
)


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
    _PUT.run_all(session, rows)


@dataclass(frozen=True)
class TimerStore:
    """The timers, as `bot.ports.TimerStore` promises them."""

    database: Database
    lease: Fence

    async def due(self, *, now: datetime, real: datetime, limit: int = 500) -> tuple[Timer, ...]:
        """Claim what is due. The claims of an earlier holder of the lease count for nothing."""

        def find(session: Session, most: int) -> list[Any]:
            return _DUE.rows(session, now=now, wall=real, fence=self.lease.fence, most=most)

        def work(session: Session) -> tuple[Timer, ...]:
            self.lease.check(session)
            found = tuple(_timer(*row) for row in find(session, limit))
            until, fence = real + CLAIMED_FOR, self.lease.fence
            _CLAIM.run_all(session, [{"timer": timer.key, "fence": fence, "until": until} for timer in found])
            return found

        # Most sweeps find nothing; those need not stand in the writers' queue.
        if not await self.database.read(lambda session: find(session, min(limit, 1))):
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
                if again_at is None:
                    _DONE.run(session, timer=timer.key, due=timer.due_at)
                else:
                    _AGAIN.run(session, timer=timer.key, due=timer.due_at, again=again_at)

        await self.database.write(work)

    async def add(self, timer: Timer) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            put_timers(session, (timer,))

        await self.database.write(work)

    async def next_due(self) -> tuple[datetime | None, datetime | None]:
        """Of the timers that nobody is working on; an expired claim of our own is found by the sweep."""

        def work(session: Session) -> tuple[datetime | None, datetime | None]:
            found = {bool(real): read(at) for real, at in _NEXT.rows(session, fence=self.lease.fence)}
            return found.get(False), found.get(True)

        return await self.database.read(work)


def _timer(key: str, kind: str, due_at: str, rollout: str, phase: str, attempt: int, subject: str) -> Timer:
    return Timer(key, TimerKind(kind), read(due_at), rollout, phase, attempt, subject)
