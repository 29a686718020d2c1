"""The database: one writer that enters within a budget or not at all, and readers beside it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Session

from bot.ports import Busy
from storage import sqlite

T = TypeVar("T")
Work = Callable[[Session], T]

ENTER_WITHIN: Final = 1.8  # a listener has 2 s; what is left is for the transaction itself


@dataclass
class _Turn:
    """One write on its way in; up to `entered` it can still be withdrawn."""

    deadline: float
    holds_lock: bool = False
    withdrawn: bool = False


class Database:
    """One database. `write` is serialised, durable when it returns, and raises Busy only before it began."""

    def __init__(self, url: str, *, within: float = ENTER_WITHIN) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() != "sqlite":
            raise ValueError(f"databases of kind '{self.url.get_backend_name()}' are not available yet; use sqlite")
        self.url = self.url.set(drivername="sqlite+aiosqlite")
        self.within = within
        sqlite.make_file(self.url)
        self._writer = sqlite.writer(self.url)
        self._readers = sqlite.readers(self.url)
        self._lock = asyncio.Lock()

    async def write(self, work: Work[T], *, within: float | None = None) -> T:
        """Run `work` in one transaction that holds the write lock from its beginning.

        Busy: the lock was not ours within the budget (seconds, over our own queue and other processes'
        locks together) and nothing was written. Once entered it runs to its end, also when the caller is
        cancelled meanwhile.
        """
        turn = _Turn(asyncio.get_running_loop().time() + (self.within if within is None else within))
        task = asyncio.create_task(self._take_turn(work, turn))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            turn.withdrawn = True
            if not turn.holds_lock:
                task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # seen, so that it is not reported as forgotten
            raise

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one unchanging state of the database."""
        try:
            async with self._readers.connect() as connection:
                return await connection.run_sync(_in_session, work)
        except OperationalError as error:
            raise (Busy("the store could not be read in time") if sqlite.busy(error) else error) from error

    async def close(self) -> None:
        async with self._lock:
            await self._writer.dispose()
        await self._readers.dispose()

    async def _take_turn(self, work: Work[T], turn: _Turn) -> T:
        try:
            async with asyncio.timeout_at(turn.deadline):
                await self._lock.acquire()
        except TimeoutError as late:
            raise Busy("too many writes are waiting; nothing was recorded") from late
        turn.holds_lock = True
        try:
            connection = await self._enter(turn)
            try:
                result = await connection.run_sync(_in_session, work)
                await connection.commit()
            finally:
                await connection.close()
        finally:
            self._lock.release()
        return result

    async def _enter(self, turn: _Turn) -> AsyncConnection:
        """A connection that holds the write lock."""
        loop = asyncio.get_running_loop()
        while not turn.withdrawn:
            async with AsyncExitStack() as stack:
                connection = await stack.enter_async_context(self._writer.connect())
                try:
                    await connection.begin()
                except OperationalError as error:
                    if not sqlite.busy(error):
                        raise
                    if loop.time() + sqlite.WAIT_MS / 1000 > turn.deadline:
                        raise Busy("another process holds the store; nothing was recorded") from error
                    continue
                if not turn.withdrawn:
                    stack.pop_all()
                    return connection
        raise asyncio.CancelledError


def _in_session(connection: Connection, work: Work[T]) -> T:
    with Session(bind=connection, expire_on_commit=False) as session:
        result = work(session)
        session.flush()
        return result
