"""A checkup tells the truth about a database and leaves it exactly as it is."""

from contextlib import closing

from sqlalchemy import make_url

from storage.checkup import checkup
from storage.opened import opened
from storage.upgrade import upgrade
from tests.storage import only
from tests.storage.raw import Raw


async def test_a_database_that_is_current_is_told_so_and_stays_as_it_is(blank):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        before = raw.dump()
        told = await checkup(blank)
        assert raw.dump() == before
    assert (told.trouble, told.behind, told.triggers, told.broken, told.records) == ("", (), "", (), 0)


async def test_an_empty_database_is_fresh_and_nothing_is_made_in_it(blank):
    assert (await checkup(blank)).fresh
    assert (await checkup(blank)).fresh


async def test_an_older_database_is_named_and_not_upgraded(blank):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0001'")
        told = await checkup(blank)
        assert told.behind[0] == "0002"
        assert told.trouble == ""
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


async def test_a_newer_database_is_trouble_with_a_remedy(blank):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    told = await checkup(blank)
    assert "9999" in told.trouble
    assert "version" in told.remedy


async def test_a_checkup_needs_no_lease_and_takes_none(blank, clock):
    async with opened(blank, clock) as memory:
        fence = await memory.lease.acquire()
        assert (await checkup(blank)).trouble == ""
        await memory.lease.renew()
        assert memory.lease.fence == fence


@only.SQLITE
async def test_a_ledger_without_its_triggers_is_told(blank):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        raw.execute("DROP TRIGGER ledger_is_never_deleted")
    assert "ledger_is_never_deleted" in (await checkup(blank)).triggers


@only.SQLITE
async def test_a_file_that_is_no_database_is_trouble(blank, file):
    file.parent.mkdir()
    file.write_bytes(b"something precious, and long enough not to be taken for an empty file" * 20)
    before = file.read_bytes()
    told = await checkup(blank)
    assert told.trouble
    assert told.remedy
    assert file.read_bytes() == before


async def test_the_password_of_a_server_that_is_away_is_never_told():
    told = await checkup("postgresql://rollout:sesame-open@127.0.0.1:9/rollout?connect_timeout=2")
    assert told.trouble
    assert "sesame" not in told.trouble + told.remedy


@only.POSTGRESQL
async def test_a_user_that_may_not_write_is_told(blank):
    await upgrade(blank)
    with closing(Raw(blank)) as raw:
        raw.execute("CREATE ROLE looker LOGIN")
        try:
            raw.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
            told = await checkup(make_url(blank).set(username="looker").render_as_string(hide_password=False))
            assert "may not write" in told.trouble
            assert told.remedy
        finally:
            raw.execute("DROP OWNED BY looker")
            raw.execute("DROP ROLE looker")
