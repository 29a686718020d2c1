"""The lease: one row that says which process acts, with a number that every write checks."""

import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlmodel import Session

from bot.ports import LostLease
from storage.alive import Alive
from storage.database import Database
from storage.tables import LeaseRow

LENGTH: Final = timedelta(seconds=6)  # a successor of a killed process must speak within 10 s
_ONLY: Final = 1


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
            row = session.get(LeaseRow, _ONLY)
            now = self.real()
            if row is None:
                row = LeaseRow(id=_ONLY, holder="", fence=0, expires_at=now, guarded=False)
            died = row.guarded and guarded
            if row.holder != self.holder and row.expires_at > now and not died:
                return None
            row.holder, row.fence, row.expires_at, row.guarded = self.holder, row.fence + 1, now + self.length, guarded
            session.add(row)
            return row.fence

        self.fence = await self.database.write(work)
        if self.fence is None:
            self._drop()
        return self.fence

    async def renew(self) -> None:
        """Hold it for another length; LostLease when somebody else has it."""

        def work(session: Session) -> None:
            self.check(session)
            row = session.get_one(LeaseRow, _ONLY)
            row.expires_at = self.real() + self.length
            session.add(row)

        await self.database.write(work)

    async def release(self) -> None:
        """Give it up, so that a successor need not wait; does nothing when it is not ours."""

        def work(session: Session) -> None:
            row = session.get(LeaseRow, _ONLY)
            if row is not None and row.fence == self.fence:
                row.expires_at = self.real()
                session.add(row)

        if self.fence is not None:
            await self.database.write(work)
            self.fence = None
        self._drop()

    def _drop(self) -> None:
        if self.alive is not None:
            self.alive.drop()

    def check(self, session: Session) -> None:
        # An expired lease that nobody took is still ours: the fence decides, inside this transaction.
        row = session.get(LeaseRow, _ONLY)
        if row is None or self.fence is None or row.fence != self.fence:
            raise LostLease("another process holds the lease; nothing was written")
