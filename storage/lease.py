"""The lease: one row that says which process acts, with a number that every write checks."""

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from bot.ports import LostLease
from storage import upserts
from storage.alive import Alive
from storage.database import Database
from storage.moments import read
from storage.session import Session
from storage.statements import Statement
from storage.tables import LeaseRow

LENGTH: Final = timedelta(seconds=4.5)  # a successor must speak within 10 s of the death of the one before
_ONLY: Final = 1
_FENCE: Final = Statement(lambda _: select(LeaseRow.fence).where(col(LeaseRow.id) == _ONLY))
_ROW: Final = Statement(
    lambda _: select(LeaseRow.holder, LeaseRow.fence, LeaseRow.expires_at, LeaseRow.guarded).where(
        col(LeaseRow.id) == _ONLY
    )
)
_TAKE: Final = upserts.over(LeaseRow, ("id", "holder", "fence", "expires_at", "guarded"))
_EXPIRE: Final = Statement(
    lambda _: (
        update(LeaseRow)
        .where(col(LeaseRow.id) == _ONLY, col(LeaseRow.fence) == bindparam("mine"))
        .values(expires_at=bindparam("until"))
    )
)


class Fence(Protocol):
    """What every write asks first, in its own transaction."""

    @property
    def fence(self) -> int | None: ...

    def check(self, session: Session) -> None:
        """Raise LostLease when this process may not write."""
        ...


class Unfenced:
    """The operator on the host, beside the process that acts: records decisions, never claims or sends."""

    fence: int | None = None

    def check(self, session: Session) -> None:
        """The decision is made on what its own transaction reads, so there is nothing stale to fence off."""


@dataclass(frozen=True)
class Holder:
    """Who holds the lease, or held it last; `alive` as far as can be known: not expired, and not seen dead."""

    name: str
    fence: int
    expires_at: datetime
    alive: bool


class Lease:
    """This process's hold on the lease; `fence` is its number while it believes to hold it.

    Whoever acquired it under the lock of `alive` and lost that lock is dead, and need not be waited for.
    """

    def __init__(
        self,
        database: Database,
        real: Callable[[], datetime],
        *,
        alive: Alive | None = None,
        holder: str = "",
        length: timedelta = LENGTH,
    ) -> None:
        self.database = database
        self.real = real
        self.alive = alive
        self.holder = holder or f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self.length = length
        self.fence: int | None = None

    async def acquire(self) -> int | None:
        """Take the lease; its number, or None while another living process's is valid."""
        guarded = self.alive is not None and self.alive.take()

        def work(session: Session) -> int | None:
            now = self._now(session)
            row = _ROW.first(session) or ("", 0, None, False)
            holder, fence, until, was_guarded = row
            died = was_guarded and guarded
            if until is not None and holder != self.holder and read(until) > now and not died:
                return None
            session.fence = None  # read anew by the works behind this one
            _TAKE.run(
                session, id=_ONLY, holder=self.holder, fence=fence + 1, expires_at=now + self.length, guarded=guarded
            )
            return int(fence) + 1

        self.fence = await self.database.write(work)
        if self.fence is None:
            self._drop()
        return self.fence

    async def seize(self) -> int | Holder:
        """For the host's operator while no process lives: raise the fence and hold it; its holder when one does."""
        number = await self.acquire()
        if number is not None:
            return number
        holder = await self.read()
        if holder is None:
            raise LostLease("the lease changed hands meanwhile; nothing was written")
        return holder

    async def read(self) -> Holder | None:
        """Who holds it, asked without holding it; None when nobody ever did."""

        def work(session: Session) -> Holder | None:
            row = _ROW.first(session)
            if row is None:
                return None
            name, fence, until, guarded = row
            dead = bool(guarded) and self.alive is not None and self.alive.free()
            return Holder(name, fence, read(until), alive=read(until) > self._now(session) and not dead)

        return await self.database.read(work)

    async def renew(self) -> None:
        """Hold it for another length; LostLease when somebody else has it."""

        def work(session: Session) -> None:
            self.check(session)
            _EXPIRE.run(session, mine=self.fence, until=self._now(session) + self.length)

        await self.database.write(work)

    async def release(self) -> None:
        """Give it up, so that a successor need not wait; does nothing when it is not ours."""
        if self.fence is not None:
            mine = self.fence
            await self.database.write(lambda session: _EXPIRE.run(session, mine=mine, until=self._now(session)))
            self.fence = None
        self._drop()

    def check(self, session: Session) -> None:
        # An expired lease that nobody took is still ours: the fence decides, inside this transaction.
        if session.fence is None:
            session.fence = (_FENCE.first(session) or (None,))[0]
        if session.fence is None or session.fence != self.fence:
            raise LostLease("another process holds the lease; nothing was written")

    def _now(self, session: Session) -> datetime:
        return self.database.kind.now(session) or self.real()

    def _drop(self) -> None:
        if self.alive is not None:
            self.alive.drop()
