"""The line: one connection to the database, opened when it is needed and again when it broke."""

import sqlite3
from contextlib import suppress

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.kinds import Kind, Trouble
from storage.session import Session

# Whatever a database may raise, by SQLAlchemy or by the drivers that statements run on.
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)


class Line:
    """A connection that belongs to one thread; one transaction at a time."""

    def __init__(self, engine: Engine, kind: Kind) -> None:
        self._engine = engine
        self._kind = kind
        self._connection: Connection | None = None
        self._session: Session | None = None
        self.mark = ""

    def enter(self) -> Session:
        """Begin a transaction that writes."""
        session = self._opened()
        session.fence = None
        self.mark = self._kind.enter(session.driver)
        return session

    def look(self) -> Session:
        """Begin a transaction that reads."""
        session = self._opened()
        self._kind.look(session.driver)
        return session

    def commit(self) -> None:
        connection = self._connection
        if connection is None or self._session is None:
            raise ValueError("nothing was begun")
        # Only where a work used SQLAlchemy's own connection does that believe to be in a transaction.
        if connection.in_transaction():
            connection.commit()
        else:
            self._session.driver.commit()

    def end(self, trouble: Trouble | None = None) -> None:
        """Leave the transaction without a trace; after an unclear trouble, leave the connection too."""
        if self._connection is None or self._session is None:
            return
        if trouble in {Trouble.GONE, Trouble.OTHER}:
            self.drop()
            return
        try:
            self._connection.rollback()
            self._session.driver.rollback()
        except DATABASE_ERRORS:
            self.drop()

    def drop(self) -> None:
        if self._connection is not None:
            with suppress(*DATABASE_ERRORS):
                self._connection.invalidate()
            with suppress(*DATABASE_ERRORS):
                self._connection.close()
        self._connection = self._session = None

    def _opened(self) -> Session:
        if self._session is None:
            self._connection = self._engine.connect()
            self._session = Session(self._connection)
        return self._session
