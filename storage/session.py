"""The session: one transaction, as the work that runs in it sees it."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Session:
    """A transaction on one connection. Nothing is kept beyond it: what is read is rows, not objects.

    `driver` is the driver's own connection, for statements that were compiled before. `fence` is the lease's number
    as it was read in this transaction, None when it was not: nobody else can change it until the transaction ends.
    """

    __slots__ = ("_connection", "driver", "fence", "kind")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.driver: Any = connection.connection.driver_connection
        self.kind: str = connection.dialect.name
        self.fence: int | None = None

    def connection(self) -> Connection:
        return self._connection


Work = Callable[[Session], T]
