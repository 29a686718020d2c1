"""The database: one writer that enters within a budget or not at all, and readers beside it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from sqlalchemy import URL, make_url

from bot.ports import DELIVERY, Busy
from storage.kinds import Kind, Trouble
from storage.line import DATABASE_ERRORS, Line
from storage.postgres import Postgres
from storage.rounds import Remember
from storage.session import Work
from storage.sqlite import Sqlite
from storage.turns import Turn
from storage.writer import Writer

T = TypeVar("T")

ENTER_WITHIN: Final = 1.8  # a listener has 2 s; what is left is for the transaction itself
_READERS: Final = 4
_KINDS: Final[dict[str, Callable[[URL], Kind]]] = {"sqlite": Sqlite, "postgresql": Postgres}


def kind_of(url: str) -> Kind:
    """The kind of database at this address; ValueError for one that is not known."""
    made = make_url(url)
    name = made.get_backend_name()
    if name not in _KINDS:
        raise ValueError(f"databases of kind '{name}' are not available; use sqlite:/// or postgresql://")
    return _KINDS[name](made)


class Database:
    """One database. `write` is serialised, durable when it returns, and raises Busy only before it began.

    Works are pure: they may run more than once, and only the last run counts. `remember` notes the delivery that
    a write serves, in its transaction.
    """

    def __init__(self, url: str, *, within: float = ENTER_WITHIN, remember: Remember | None = None) -> None:
        self.kind = kind_of(url)
        self.within = within
        self._engine = self.kind.engine(1 + _READERS)
        self._writer = Writer(self._engine, self.kind, remember)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="storage-reader")
        self._own = threading.local()
        self._lines: list[Line] = []

    @property
    def url(self) -> URL:
        return self.kind.url

    async def write(self, work: Work[T], *, within: float | None = None) -> T:
        """Run `work` in a transaction of its own, as far as it can see.

        Busy: the lock was not ours within the budget (seconds, over our own queue and other processes'
        locks together) and nothing was written. Once entered it runs to its end, also when the caller is
        cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        turn = Turn(work, loop.time() + (self.within if within is None else within), DELIVERY.get(), loop)
        self._writer.put(turn)
        timer = loop.call_at(turn.deadline, self._late, turn)
        try:
            return await asyncio.shield(turn.future)
        except asyncio.CancelledError:
            if not turn.withdraw():
                await asyncio.wait({turn.future})
                turn.future.exception()  # seen, so that it is not reported as forgotten
            raise
        finally:
            timer.cancel()

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one unchanging state of the database."""
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)
        except RuntimeError as closed:
            raise Busy("the database is closed; nothing was read") from closed
        return await reading

    async def close(self) -> None:
        """Let what has begun run to its end, then let go of the database."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._writer.close)
        await loop.run_in_executor(None, self._readers.shutdown)
        for line in self._lines:
            line.drop()
        self._engine.dispose()

    def _late(self, turn: Turn[Any]) -> None:
        if turn.withdraw() and not turn.future.done():
            turn.future.set_exception(self._writer.late())

    def _read(self, work: Work[T]) -> T:
        line = self._line()
        try:
            return self._look(line, work)
        except DATABASE_ERRORS as error:
            trouble = self.kind.trouble(error)
            line.end(trouble)
            if trouble not in {Trouble.BUSY, Trouble.GONE, Trouble.CONFLICT}:
                raise
        # What broke may have been broken for long: once more, on a fresh connection.
        try:
            return self._look(line, work)
        except DATABASE_ERRORS as error:
            trouble = self.kind.trouble(error)
            line.end(trouble)
            raise (error if trouble is Trouble.OTHER else Busy("the store could not be read in time")) from error

    def _look(self, line: Line, work: Work[T]) -> T:
        session = line.look()
        try:
            return work(session)
        finally:
            line.end()

    def _line(self) -> Line:
        """This thread's own."""
        if not hasattr(self._own, "line"):
            self._own.line = Line(self._engine, self.kind)
            self._lines.append(self._own.line)
        line: Line = self._own.line
        return line
