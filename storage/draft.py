"""Draft: writes the next migration from what the tables say: `python -m storage.draft MESSAGE`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

from storage.database import Database
from storage.session import Session
from storage.upgrade import MIGRATIONS, config_for, upgrade_database


async def draft(message: str, migrations: Path = MIGRATIONS) -> None:
    """Compare a fresh database at the newest revision with `storage.tables`; the ledger is left out.

    What it writes is a beginning, for a person to finish.
    """

    def work(session: Session) -> None:
        number = len(list((migrations / "versions").glob("[0-9]*.py"))) + 1
        config = config_for(session.connection(), migrations)
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/fresh.db")
        try:
            await upgrade_database(database)
            await database.read(work)
        finally:
            await database.close()


if __name__ == "__main__":
    asyncio.run(draft(" ".join(sys.argv[1:])))
