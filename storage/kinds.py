"""Kinds of databases: what the writer and the readers need to know about the one that they use."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Protocol

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from storage.alive import Alive
from storage.session import Session


class Trouble(StrEnum):
    """What an error means for its transaction. In every case nothing of it was written, unless it came at COMMIT.

    BUSY: somebody else holds what we need. CONFLICT: two transactions could not both be. GONE: the connection is
    broken. FULL: the disk is.
    """

    BUSY = auto()
    CONFLICT = auto()
    GONE = auto()
    FULL = auto()
    OTHER = auto()


class Fate(StrEnum):
    """What became of a transaction whose COMMIT was not answered."""

    COMMITTED = auto()
    ABORTED = auto()
    UNKNOWN = auto()


class Kind(Protocol):
    """One kind of database, at one address. A driver is the driver's own connection."""

    url: URL

    def engine(self, connections: int) -> Engine:
        """Connections that begin nothing by themselves."""
        ...

    def enter(self, driver: Any) -> str:  # noqa: ANN401 - sqlite3's or psycopg's connection
        """Begin a transaction that writes; what to ask `fate` about, should its COMMIT not be answered."""
        ...

    def look(self, driver: Any) -> None:  # noqa: ANN401 - likewise
        """Begin a transaction that sees one unchanging state."""
        ...

    def whole(self, driver: Any) -> bool:  # noqa: ANN401 - likewise
        """Whether the transaction that was begun still stands and could be committed."""
        ...

    def trouble(self, error: BaseException) -> Trouble: ...

    def now(self, session: Session) -> datetime | None:
        """The database's own clock, where processes of several hosts share it; None where they share a host."""
        ...

    def alone(self, session: Session) -> None:
        """Let no other process change the tables until this transaction ends, nor have changed them since it began."""
        ...

    def fate(self, mark: str) -> Fate:
        """What became of that transaction; asked on a connection of its own, for a few seconds at most."""
        ...

    def alive(self) -> Alive | None:
        """The lock by which processes on one host see whether the lease's holder lives."""
        ...


def origin(error: BaseException) -> BaseException:
    """The driver's own error behind SQLAlchemy's."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
