"""What is particular to SQLite: its file, its settings, how a writer enters, how it says that it is busy."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, create_engine, event

from storage.alive import Alive
from storage.kinds import Fate, Trouble, origin
from storage.session import Session

WAIT_MS: Final = 100  # how long one attempt to enter waits for SQLite's lock; the budget is a sum of attempts
_FIRST_WAIT_MS: Final = 10_000  # changing a fresh file to WAL may have to wait for another process that does the same
_PRIMARY: Final = 0xFF  # the low byte of an extended result code is the primary one
_TROUBLES: Final = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
}
_SETTINGS: Final = (
    f"busy_timeout = {_FIRST_WAIT_MS}",
    "journal_mode = WAL",
    # In WAL mode anything less than FULL can lose a committed approval in a power cut.
    "synchronous = FULL",
    "foreign_keys = ON",
    # A log that is written over needs no new blocks: a commit then waits half as long for the disk. So it may grow
    # to 16 MB before it is used anew, and is never cut.
    "wal_autocheckpoint = 4000",
    f"busy_timeout = {WAIT_MS}",
)


class Sqlite:
    """One database file; created, for its owner alone, when there is none."""

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise ValueError("the database needs a file: sqlite:///path/of/the.db")
        self.url = url.set(drivername="sqlite+pysqlite")
        self._path = Path(url.database)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))

    def engine(self, connections: int) -> Engine:
        # Without an isolation level the driver begins nothing by itself; we say how.
        engine = create_engine(
            self.url,
            connect_args={"isolation_level": None, "check_same_thread": False},
            pool_size=connections,
            max_overflow=0,
        )
        event.listen(engine, "connect", _settle)
        return engine

    def enter(self, driver: sqlite3.Connection) -> str:
        """Take the lock at the beginning; there is no connection to lose, so nothing to ask about."""
        driver.execute("BEGIN IMMEDIATE")
        return ""

    def look(self, driver: sqlite3.Connection) -> None:
        driver.execute("BEGIN")

    def whole(self, driver: sqlite3.Connection) -> bool:
        """A full disk, for one, makes SQLite roll back by itself."""
        return driver.in_transaction

    def trouble(self, error: BaseException) -> Trouble:
        code = getattr(origin(error), "sqlite_errorcode", None)
        return _TROUBLES.get(code & _PRIMARY, Trouble.OTHER) if isinstance(code, int) else Trouble.OTHER

    def now(self, session: Session) -> datetime | None:  # noqa: ARG002 - the host's clock serves them all
        return None

    def alone(self, session: Session) -> None:
        """Every transaction that writes is."""

    def fate(self, mark: str) -> Fate:  # noqa: ARG002 - a COMMIT always answers
        return Fate.ABORTED

    def alive(self) -> Alive:
        """The lock beside the database file; all processes on one database file share a host."""
        return Alive(self._path.with_name(f"{self._path.name}.lock"))


def _settle(connection: sqlite3.Connection, _record: object) -> None:
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}").close()
