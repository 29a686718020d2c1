"""Raw: another program's connection to the same database, whichever kind it is."""

import sqlite3
from datetime import timedelta
from typing import Any

import psycopg

from storage.moments import read, written

INTEGRITY = (sqlite3.IntegrityError, psycopg.IntegrityError)
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
}
HOLD = {
    "sqlite": ("BEGIN IMMEDIATE",),
    "postgresql": ("BEGIN", "LOCK TABLE lease IN ACCESS EXCLUSIVE MODE"),
}


class Raw:
    """SQL with `?` for both kinds."""

    def __init__(self, url: str) -> None:
        self.kind = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.connection: Any = (
            sqlite3.connect(url.partition("///")[2], isolation_level=None, timeout=0, check_same_thread=False)
            if self.kind == "sqlite"
            else psycopg.connect(url, autocommit=True)
        )

    def execute(self, sql: str, values: Any = ()) -> Any:
        if self.kind == "postgresql":
            sql = sql.replace("%", "%%").replace("?", "%s") if values else sql
        return self.connection.execute(sql, values) if values else self.connection.execute(sql)

    def dump(self) -> list[Any]:
        """Everything that is in the database."""
        names = [name for (name,) in self.execute(TABLES[self.kind]).fetchall()]
        return [(name, sorted(map(repr, self.execute(f"SELECT * FROM {name}").fetchall()))) for name in names]  # noqa: S608 - our own names

    def hold(self) -> None:
        """Keep everybody else from writing."""
        for statement in HOLD[self.kind]:
            self.execute(statement)

    def free(self) -> None:
        self.execute("ROLLBACK")

    def drop_trigger(self, name: str) -> None:
        self.execute(f"DROP TRIGGER {name}" + (" ON ledger" if self.kind == "postgresql" else ""))

    def age_lease(self, span: timedelta) -> None:
        """Let time pass where it is the database's: everything that the lease says was that much earlier."""
        for (until,) in self.execute("SELECT expires_at FROM lease").fetchall():
            self.execute("UPDATE lease SET expires_at = ?", (written(read(until) - span),))

    def close(self) -> None:
        self.connection.close()
