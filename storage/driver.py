"""The driver: aiosqlite with one turn of its thread for each statement, where its own cursors take four.

A change is some fifteen statements. On a busy host every turn waits for the scheduler, so turns are what a
person waits for.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, Self

import aiosqlite

_CHUNK: Final = 64  # aiosqlite asks for it; nothing here iterates in chunks


class OneTurnConnection(aiosqlite.Connection):
    """A connection whose cursors are `OneTurnCursor`."""

    def __init__(self, filename: str, settings: dict[str, Any]) -> None:
        super().__init__(lambda: sqlite3.connect(filename, **settings), _CHUNK)
        # As SQLAlchemy does with connections of its own making: a thread must not outlive the program.
        self._thread.daemon = True

    def cursor(self) -> "OneTurnCursor":  # type: ignore[override] # all that SQLAlchemy uses of a cursor
        return OneTurnCursor(self)

    async def run(self, cursor: "OneTurnCursor", method: str, sql: str, parameters: Sequence[Any]) -> None:
        run = getattr(self._conn, method)
        await self._execute(cursor.run, run, sql, parameters)  # type: ignore[no-untyped-call] # aiosqlite leaves it so


class OneTurnCursor:
    """Runs a statement, takes all its rows and closes, in one turn; SQLAlchemy reads the rest from here."""

    def __init__(self, connection: OneTurnConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        await self._connection.run(self, "execute", sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Any]) -> Self:
        await self._connection.run(self, "executemany", sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = []

    def run(self, method: Any, sql: str, parameters: Sequence[Any]) -> None:  # noqa: ANN401 - either method of sqlite3
        """In the driver's thread."""
        cursor: sqlite3.Cursor = method(sql, parameters)
        self._rows = cursor.fetchall() if cursor.description else []
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        cursor.close()


def connect(filename: str, **settings: Any) -> OneTurnConnection:  # noqa: ANN401 - sqlite3's own settings
    """What SQLAlchemy calls in place of `aiosqlite.connect`."""
    return OneTurnConnection(filename, settings)
