"""A database comes from nothing to what the code knows, and one that knows more is left alone."""

import asyncio
import shutil
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from storage.database import Database
from storage.draft import draft
from storage.opened import opened
from storage.triggers import check_triggers
from storage.upgrade import MIGRATIONS, NewerDatabase, upgrade
from tests.storage import only
from tests.storage.raw import Raw


async def test_the_migrations_lead_to_exactly_the_tables_of_the_code(blank):
    await upgrade(blank)
    database = Database(blank)

    def differences(session):
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        return compare_metadata(context, SQLModel.metadata)

    assert await database.read(differences) == []
    await database.read(check_triggers)
    await database.close()


async def test_an_upgrade_of_what_is_new_already_changes_nothing(blank):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        before = raw.dump()
        await upgrade(blank)
        assert raw.dump() == before


async def test_many_that_start_at_once_upgrade_once(blank):
    await asyncio.gather(*(upgrade(blank) for _ in range(4)))
    with closing(Raw(blank)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]


async def test_a_database_that_is_newer_than_the_code_is_refused_and_left_as_it_is(blank, clock):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        before = raw.dump()
        with pytest.raises(NewerDatabase, match="9999"):
            async with opened(blank, clock):
                pass
        assert raw.dump() == before


@only.SQLITE
async def test_a_file_that_is_no_database_is_not_overwritten(url, file, clock):
    file.parent.mkdir()
    file.write_bytes(b"something precious, and long enough not to be taken for an empty file" * 20)
    before = file.read_bytes()
    with pytest.raises(Exception, match="not a database"):
        async with opened(url, clock):
            pass
    assert file.read_bytes() == before


async def test_a_draft_is_a_whole_module_and_empty_when_nothing_changed(tmp_path, capsys):
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    await draft("nothing new", copy)
    text = (copy / "versions" / "0003_nothing_new.py").read_text()
    module: dict[str, object] = {}
    exec(compile(text, "0003", "exec"), module)  # noqa: S102 - what was just drafted
    assert (module["revision"], module["down_revision"]) == ("0003", "0002")
    assert "op." not in text.partition("def upgrade")[2]
    assert "import sqlmodel" in text
