"""Reaching: the bot's own database from the host, opened beside a running bot or without one, with plain errors."""

import os
import pwd
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bot.jobs.clock import SandboxClock, WallClock
from bot.ports import Busy
from bot.settings import HostSettings
from storage.database import Database
from storage.line import DATABASE_ERRORS
from storage.opened import Memory, opened
from storage.triggers import TriggersMissing
from storage.upgrade import NewerDatabase, OlderDatabase

_NOBODY: Final = 2**32 - 1  # what the kernel says of a process that no login began
_TROUBLES: Final = (Busy, NewerDatabase, OlderDatabase, TriggersMissing, *DATABASE_ERRORS)
_LOGIN: Final = Path("/proc/self/loginuid")


class NotReached(Exception):  # noqa: N818 - shown to the operator as it is
    """The database cannot be used from here; the text says why and what to do, and holds no password."""


@asynccontextmanager
async def reached(settings: HostSettings, clock: WallClock) -> AsyncIterator[Memory]:
    """The bot's memory. Reading and giving orders need no lease; everything else needs `lease.seize`."""
    missing = _missing(settings.database_url)
    if missing:
        raise NotReached(missing)
    async with AsyncExitStack() as stack:
        try:
            await _asked(settings)
            memory = await stack.enter_async_context(opened(settings.database_url, clock, beside=True))
        except (ValueError, OSError) as why:
            raise NotReached(f"DATABASE_URL cannot be used: {type(why).__name__}; see docs/operating.md.") from None
        except _TROUBLES as error:
            raise _said(error, settings) from None
        try:
            yield memory
        except _TROUBLES as error:
            raise _said(error, settings) from None


async def _asked(settings: HostSettings) -> None:
    """Whether the database answers at all: opening it would wait half a minute for one that upgrades."""
    database = Database(settings.database_url)
    try:
        await database.read(lambda _: None)
    except Busy as busy:
        where = urlsplit(settings.database_url).hostname or "its socket"
        raise NotReached(
            f"The database at {where} does not answer: {busy}. Start its server or correct DATABASE_URL; "
            "nothing was recorded."
        ) from None
    finally:
        await database.close()


def _said(error: BaseException, settings: HostSettings) -> NotReached:
    if isinstance(error, Busy):
        return NotReached(f"The database is busy: {error}. Try again in a moment.")
    if isinstance(error, OlderDatabase):
        return NotReached(f"A bot of an older version acts: {error}. Use that version's `rollout`, or stop it first.")
    if isinstance(error, NewerDatabase | TriggersMissing):
        return NotReached(f"The database cannot be used: {error}.")
    # The driver's words may repeat the address with its password, so only their kind is told.
    where = urlsplit(settings.database_url).hostname or "the file named by DATABASE_URL"
    return NotReached(
        f"The database at {where} cannot be used ({type(error).__name__}). "
        "Start its server or correct DATABASE_URL; `rollout status` says what was recorded."
    )


def _missing(url: str) -> str:
    """A file that is not there would be made anew, and be empty."""
    file = url.partition(":///")[2].partition("?")[0] if url.startswith("sqlite") else ""
    if not file or Path(file).exists():
        return ""
    return f"There is no database at {file}. Set DATABASE_URL to the bot's, or run this in the bot's folder."


async def clock_of(settings: HostSettings) -> WallClock:
    """The wall's clock; beside a sandbox its clock, as long as that still answers."""
    if not settings.clock_url:
        return WallClock()
    clock = SandboxClock(url=settings.clock_url)
    try:
        async with aiohttp.ClientSession() as session:
            await clock.read(session)
    except (aiohttp.ClientError, TimeoutError):
        return WallClock()
    return clock


def login_name() -> str:
    """Who logged in on this host, also behind sudo; else the process's own user. No variable has a say in it."""
    try:
        user = int(_LOGIN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        user = _NOBODY
    user = os.getuid() if user == _NOBODY else user
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid-{user}"
