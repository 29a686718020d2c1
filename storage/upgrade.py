"""Upgrades: bring a database to what this code knows, or refuse one that is newer."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database
from storage.session import Session

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_WITHIN: Final = 30.0  # seconds; another process may be upgrading the same database


class NewerDatabase(Exception):  # noqa: N818 - what is wrong
    """The database was written by newer code; this code must not touch it."""


class OlderDatabase(Exception):  # noqa: N818 - what is wrong
    """The database was written by older code, which may still be running on it; nothing was changed."""


async def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest revision; it is created when there is none."""
    database = Database(url, within=_WITHIN)
    try:
        await upgrade_database(database)
    finally:
        await database.close()


async def upgrade_database(database: Database) -> None:
    def work(session: Session) -> None:
        database.kind.alone(session)
        _to_head(session)

    await database.write(work, within=_WITHIN)


async def check_revision(database: Database) -> None:
    """Raise OlderDatabase or NewerDatabase unless the database is at this code's revision; changes nothing."""
    await database.read(_at_head)


def _at_head(session: Session) -> None:
    newest = ScriptDirectory.from_config(config_for(session.connection())).get_current_head()
    here = _known(session)
    if newest not in here:
        raise OlderDatabase(f"the database is at revision {', '.join(sorted(here)) or 'none'}, before {newest}")


def _to_head(session: Session) -> None:
    _known(session)
    command.upgrade(config_for(session.connection()), "head")


def _known(session: Session) -> set[str]:
    """The revision that the database is at; raises NewerDatabase for one that this code does not know."""
    connection = session.connection()
    known = {script.revision for script in ScriptDirectory.from_config(config_for(connection)).walk_revisions()}
    here = set(MigrationContext.configure(connection).get_current_heads())
    if here - known:
        raise NewerDatabase(
            f"the database is at revision {', '.join(sorted(here - known))}, which this version does not know; "
            "install the version that wrote it, or a newer one"
        )
    return here


def config_for(connection: Connection, migrations: Path = MIGRATIONS) -> Config:
    """What Alembic needs to know; there is no configuration file."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    return config
