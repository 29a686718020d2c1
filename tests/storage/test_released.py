"""Databases of released versions, with a rollout in flight, are opened, upgraded and carried on."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bot.domain.board import Soaked
from bot.domain.intents import Stage
from bot.domain.rollout import State
from bot.ports import Change
from storage.moments import read
from storage.opened import opened
from storage.upgrade import OlderDatabase
from tests.storage.in_flight import NAME
from tests.storage.raw import Raw
from tests.storage.release import FOLDER, filled
from tests.storage.samples import DIGEST, MINUTE, NOW, PLAN, RESOLVED, entry, opening
from tests.storage.samples import closing as close_it

ROOT = Path(__file__).parents[2]
FIRST = "0.1.0"  # which did not know PostgreSQL
KEPT = sorted(FOLDER.glob("*.sql"))


def released():
    """The versions that the changelog names, and the first, which it still calls by another name."""
    return {FIRST, *re.findall(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)}


def test_a_database_of_every_released_version_is_kept():
    wanted = {f"{version}.sqlite.sql" for version in released()}
    wanted |= {f"{version}.postgresql.sql" for version in released() - {FIRST}}
    missing = wanted - {each.name for each in KEPT}
    assert not missing, f"run `python -m tests.storage.release VERSION` with the released code: {sorted(missing)}"


def load(kept, request, file):
    """The address of a database with these contents."""
    if ".sqlite." in kept.name:
        file.parent.mkdir()
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(kept.read_text())
        return f"sqlite:///{file}"
    url = request.getfixturevalue("postgres").blank()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(kept.read_text())
    return url


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
async def test_a_released_database_is_upgraded_and_its_rollout_goes_on(kept, request, file, clock):
    url = load(kept, request, file)
    with closing(Raw(url)) as raw:
        before = raw.execute("SELECT * FROM ledger ORDER BY stream, sequence").fetchall()
        if raw.kind == "postgresql":
            raw.age_lease(NOW - NOW.replace(year=NOW.year - 200))
    clock.wall = clock.wall.replace(year=clock.wall.year + 1)
    async with opened(url, clock) as memory:
        assert await memory.lease.acquire() == 2, "the fence goes on"
        assert await memory.ledger.verify_all() == ()
        with closing(Raw(url)) as raw:
            assert raw.execute("SELECT * FROM ledger ORDER BY stream, sequence").fetchall() == before
        (seen,) = await memory.rollouts.live()
        check_whole(seen)
        rows = {row.post.key: row for row in await memory.outbox.waiting()}
        assert [row.uncertain for row in rows.values()].count(True) == 1
        assert {row.channel for row in rows.values()} == {PLAN.channel}
        await carry_on(memory)


async def test_beside_a_living_bot_of_an_older_version_nothing_is_upgraded(request, file, clock):
    url = load(FOLDER / f"{FIRST}.sqlite.sql", request, file)
    with closing(Raw(url)) as raw:
        until = raw.execute("SELECT expires_at FROM lease").fetchone()[0]
        raw.execute("UPDATE lease SET guarded = 0")  # as held by a process of another host, or of another lock
    later = read(until)
    clock.wall = later - MINUTE
    with pytest.raises(OlderDatabase, match="revision 0001"):
        async with opened(url, clock, beside=True):
            pass
    with closing(Raw(url)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    clock.wall = later + MINUTE
    async with opened(url, clock, beside=True) as memory:
        assert len(await memory.rollouts.live()) == 1


def check_whole(seen):
    assert (seen.rollout.name, seen.rollout.phases[0].state) == (NAME, State.STARTING)
    assert (seen.plan, dict(seen.copies)) == (PLAN, {DIGEST: RESOLVED})
    assert [each.stage for each in seen.intents] == [Stage.DONE, Stage.CLAIMED]
    assert seen.board.standings[0].verdict.reading.value == 0.011
    assert isinstance(seen.board.soaks[0], Soaked)


async def carry_on(memory):
    """It is taken back, closed, and the next one begins."""

    def rolled_back(seen):
        run = replace(seen.rollout.phases[0], state=State.ROLLED_BACK, changed_at=NOW)
        return Change(seen.rollout.with_run(run), entries=(entry(),), cancels=(f"{NAME}/",))

    assert isinstance(await memory.rollouts.change(NAME, rolled_back), Change)
    await memory.rollouts.change(NAME, close_it)
    opened_next = await memory.rollouts.open(PLAN, opening)
    assert opened_next.rollout.name == "gitguard-3"
    assert await memory.ledger.verify_all() == ()


async def test_what_release_keeps_is_what_this_version_writes(clock, url):
    await filled(url)
    async with opened(url, clock, fenced=False) as memory:
        (seen,) = await memory.rollouts.live()
        check_whole(seen)
