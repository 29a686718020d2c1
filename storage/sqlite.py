"""What is particular to SQLite: its file, its settings, how a writer enters, how it says that it is busy."""

import os
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.alive import Alive
from storage.driver import connect

WAIT_MS: Final = 100  # how long one attempt to enter waits for SQLite's lock; the budget is a sum of attempts
_FIRST_WAIT_MS: Final = 10_000  # changing a fresh file to WAL may have to wait for another process that does the same
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY: Final = 0xFF  # the low byte of an extended result code is the primary one


def make_file(url: URL) -> None:
    """Create the database file for its owner alone; a folder that is missing likewise."""
    if not url.database or url.database == ":memory:":
        raise ValueError("the database needs a file: sqlite+aiosqlite:///path/of/the.db")
    path = Path(url.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def alive(url: URL) -> Alive:
    """The lock beside the database file; all processes on one database file share a host."""
    return Alive(Path(f"{url.database}.lock"))


def writer(url: URL) -> AsyncEngine:
    """The one connection that writes; its transactions take the lock when they begin."""
    return _engine(url, "BEGIN IMMEDIATE", connections=1)


def readers(url: URL) -> AsyncEngine:
    """Connections that read one state of the whole database each, whatever is written meanwhile."""
    return _engine(url, "BEGIN", connections=4)


def _engine(url: URL, begin: str, *, connections: int) -> AsyncEngine:
    # Without an isolation level the driver begins nothing by itself; we say how.
    engine = create_async_engine(
        url,
        connect_args={"isolation_level": None, "async_creator_fn": connect},
        pool_size=connections,
        max_overflow=0,
    )
    event.listen(engine.sync_engine, "connect", _settle)

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def _settle(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own, untyped
    cursor = connection.cursor()
    for setting in (
        f"busy_timeout = {_FIRST_WAIT_MS}",
        "journal_mode = WAL",
        # In WAL mode anything less than FULL can lose a committed approval in a power cut.
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {WAIT_MS}",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def busy(error: OperationalError) -> bool:
    """Whether another process holds the lock, in which case nothing was written."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return isinstance(code, int) and code & _PRIMARY in _BUSY
