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


def _to_head(session: Session) -> None:
    connection = session.connection()
    config = config_for(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise NewerDatabase(
            f"the database is at revision {', '.join(sorted(unknown))}, which this version does not know; "
            "install the version that wrote it, or a newer one"
        )
    command.upgrade(config, "head")


def config_for(connection: Connection, migrations: Path = MIGRATIONS) -> Config:
    """What Alembic needs to know; there is no configuration file."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    return config
