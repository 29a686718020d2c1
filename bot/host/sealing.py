"""Sealing on the host: the evidence of a rollout from the command line, beside the process that acts or without one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.domain.refusals import Refusal
from bot.evidence.keeping import Shelf
from bot.evidence.sealing import Sealer
from bot.host.reaching import login_name
from bot.jobs.clock import WallClock
from bot.ports import Busy
from bot.settings import Settings
from storage.opened import opened
from storage.triggers import TriggersMissing
from storage.upgrade import NewerDatabase, OlderDatabase

ARTIFACTS: Final = "artifacts"


async def sealed(name: str, environ: Mapping[str, str]) -> tuple[str, int]:
    """What to print, and the exit status: 0 sealed, 1 refused, 2 the database cannot be used."""
    url = environ.get("DATABASE_URL") or str(Settings.model_fields["database_url"].default)
    missing = _missing(url)
    if missing:
        return missing, 2
    try:
        async with opened(url, WallClock(), fenced=False, beside=True) as memory:
            shelf = Shelf(artifacts(environ))
            sealer = Sealer(memory.archive, memory.kept, memory.ledger, WallClock(), shelf)
            done = await sealer.seal(name, f"operator/{login_name()}")
    except Busy as why:
        return f"The database is busy: {why}. Try again.", 2
    except (NewerDatabase, OlderDatabase, TriggersMissing) as why:
        return f"The database cannot be used: {why}.", 2
    if isinstance(done, Refusal):
        return f"{done.reason} {done.remedy}", 1
    return f"{shelf.root / done.path}\n{done.words}\n{done.trouble}".strip(), 0


def artifacts(environ: Mapping[str, str]) -> Path:
    """Where bundles are kept: ROLLOUT_ARTIFACTS, or `artifacts` below the root of the plans."""
    return Path(environ.get("ROLLOUT_ARTIFACTS") or Path(environ.get("ROLLOUT_ROOT") or ".") / ARTIFACTS)


def _missing(url: str) -> str:
    """A file that is not there would be made anew, and be empty."""
    file = url.partition(":///")[2] if url.startswith("sqlite") else ""
    return f"There is no database at {file}; set DATABASE_URL to the bot's." if file and not Path(file).exists() else ""
