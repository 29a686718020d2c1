"""The database: it can be read and written, its revision is this version's, the ledger is guarded and holds."""

import os
import shutil
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.doctor.clocks import database_clock
from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import Books, House

_LEAST: Final = 100 * 1024 * 1024
_FEW: Final = 1024 * 1024 * 1024
_READS_WITHIN: Final = 60.0


def checks(house: House) -> list[Check]:
    """Its books, and for a file of our own its disk."""
    return [
        Check("database", partial(books, house), _READS_WITHIN),
        Check("disk", partial(disk, house)),
    ]


async def books(house: House) -> list[Finding]:
    """What the librarian read, line by line."""
    path = _file(house.database_url)
    if path is not None and not path.exists():
        return _not_yet(path)
    read = await house.librarian(house.database_url)
    if read.trouble:
        return fail("database", read.trouble, read.remedy)
    if read.fresh:
        return ok("database", f"{_shown(house.database_url)} is empty; the first start fills it")
    return [*_revision(house, read), *_ledger(read), *_clock(house, read)]


def _not_yet(path: Path) -> list[Finding]:
    folder = next(each for each in path.absolute().parents if each.exists())
    if not os.access(folder, os.W_OK):
        remedy = f"Make {folder} writable for the bot's user, or name another file in DATABASE_URL."
        return fail("database", f"{path} is not there and cannot be made", remedy)
    return ok("database", f"{path} is not there yet; the first start makes it")


def _revision(house: House, read: Books) -> list[Finding]:
    shown = _shown(house.database_url)
    if read.behind:
        told = f"{shown} lacks {', '.join(read.behind)}"
        return warn("database", told, "Take a backup; the next start of this version upgrades it.")
    path = _file(house.database_url)
    if path is not None and not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)):
        remedy = f"Give the bot's user write access to {path} and to its folder."
        return fail("database", f"{shown} cannot be written", remedy)
    return ok("database", f"{shown}, migrations current")


def _ledger(read: Books) -> list[Finding]:
    found: list[Finding] = []
    if read.triggers:
        found += fail(
            "ledger", read.triggers, "Restore the database from its newest backup; somebody changed its schema."
        )
    for place in read.broken:
        remedy = "Keep this file for the inquiry, and restore the newest backup whose ledger holds."
        found += fail("ledger", place, remedy)
    return found or ok("ledger", f"guarded by its triggers; the chain holds over {read.records} records")


def _clock(house: House, read: Books) -> list[Finding]:
    if read.now is None:
        return []
    return database_clock("database clock", house.slack.clock.real() - read.now)


async def disk(house: House) -> list[Finding]:
    """Room for a database file; its write-ahead log needs some as well."""
    path = _file(house.database_url)
    if path is None:
        return skipped("disk", "the database is on a server of its own")
    folder = next(each for each in path.absolute().parents if each.exists())
    free = shutil.disk_usage(folder).free
    told = f"{free // (1024 * 1024)} MiB free at {folder}"
    if free < _LEAST:
        return fail("disk", told, "Make room: a full disk stops every start and every approval.")
    return warn("disk", told, "Make room soon: at 100 MiB this fails.") if free < _FEW else ok("disk", told)


def _file(url: str) -> Path | None:
    """The file of an SQLite database."""
    scheme, _, rest = url.partition("://")
    return Path(rest.removeprefix("/").partition("?")[0]) if scheme.startswith("sqlite") else None


def _shown(url: str) -> str:
    path = _file(url)
    if path is not None:
        return f"SQLite {path}"
    try:
        parts = urlsplit(url)
        return f"{parts.scheme.partition('+')[0]} at {parts.hostname or 'a local socket'}{parts.path}"
    except ValueError:
        return "the database of DATABASE_URL"
