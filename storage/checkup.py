"""The checkup: what a look into a database tells, when nothing in it may change and nothing is upgraded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.ports import Busy
from storage.database import Database
from storage.line import DATABASE_ERRORS
from storage.session import Session
from storage.triggers import TriggersMissing, check_triggers
from storage.upgrade import config_for
from storage.verification import verify_all

_CORRECT: Final = "Correct DATABASE_URL, or start the database server and ask again."


@dataclass(frozen=True)
class Checkup:
    """`trouble` says why the database could not be read; `fresh` that nothing was ever written to it.

    `behind` are the revisions that a start would add, `triggers` what is wrong with the ledger's, `broken` the
    first bad record of each stream, `records` how many there are, `now` the server's own time where it has one.
    """

    trouble: str = ""
    remedy: str = ""
    fresh: bool = False
    behind: tuple[str, ...] = ()
    triggers: str = ""
    broken: tuple[str, ...] = ()
    records: int = 0
    now: datetime | None = None


async def checkup(url: str) -> Checkup:
    """Look at a database that exists. Nothing is raised for what is wrong with it; passwords are never told."""
    try:
        database = Database(url)
    except ValueError as no:
        return Checkup(str(no), _CORRECT)
    except OSError as no:
        return Checkup(f"the database's file cannot be opened: {no.strerror}", _CORRECT)
    try:
        return await database.read(lambda session: _look(session, database))
    except Busy as busy:
        return Checkup(str(busy), "Ask again; if it stays so, see which program holds the database.")
    except DATABASE_ERRORS as error:
        # The driver's words may repeat the address, so only their kind is told.
        return Checkup(f"the database cannot be read ({type(error).__name__})", _CORRECT)
    finally:
        await database.close()


def _look(session: Session, database: Database) -> Checkup:
    connection = session.connection()
    heads = MigrationContext.configure(connection).get_current_heads()
    script = ScriptDirectory.from_config(config_for(connection))
    now = database.kind.now(session)
    if not heads:
        return Checkup(fresh=True, now=now)
    known = [each.revision for each in script.walk_revisions()]
    if unknown := set(heads) - set(known):
        newer = f"the database is at revision {', '.join(sorted(unknown))}, which this version does not know"
        return Checkup(newer, "Install the version that wrote it, or a newer one.")
    if unwritable := _unwritable(session):
        return Checkup(*unwritable)
    # From the newest to the oldest; what a start would add stands before the revision that is there.
    behind = tuple(reversed(known[: min(known.index(head) for head in heads)]))
    broken = tuple(f"{each.stream}, record {each.sequence}: {each.why}" for each in verify_all(session))
    return Checkup(
        "",
        "",
        fresh=False,
        behind=behind,
        triggers=_unguarded(session, behind),
        broken=broken,
        records=_records(session),
        now=now,
    )


def _unguarded(session: Session, behind: Sequence[str]) -> str:
    """What is wrong with the triggers; those of an older revision are not compared with this version's."""
    try:
        check_triggers(session)
    except TriggersMissing as missing:
        return "" if behind else str(missing)
    return ""


def _unwritable(session: Session) -> tuple[str, str] | None:
    """Why a server would take no write, and the remedy; whether a file can be written its folder tells."""
    if session.kind != "postgresql":
        return None
    asked = "SELECT pg_is_in_recovery(), has_table_privilege('ledger', 'INSERT')"
    standby, may = session.connection().execute(text(asked)).one()
    if standby:
        return "the server is a standby, which only reads", "Name the primary server in DATABASE_URL."
    if not may:
        return "this user may not write to the ledger", "Name the tables' owner in DATABASE_URL, or grant it INSERT."
    return None


def _records(session: Session) -> int:
    return int(session.connection().execute(text("SELECT count(*) FROM ledger")).scalar_one())
