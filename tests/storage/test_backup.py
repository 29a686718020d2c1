"""A copy that was taken while the bot wrote is whole: it verifies, is guarded, and its rollout can be taken back."""

import asyncio
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace

import pytest

from bot.domain.rollout import State
from bot.ports import Change
from storage.database import Database
from storage.opened import opened
from storage.triggers import check_triggers
from tests.storage import only
from tests.storage.raw import Raw
from tests.storage.samples import NOW, entry, proposing
from tests.storage.servers import binary


def with_the_backup_api(url, copy):
    with closing(sqlite3.connect(url.partition("///")[2])) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=4)


def by_vacuum_into(url, copy):
    with closing(sqlite3.connect(url.partition("///")[2])) as source:
        source.execute("VACUUM INTO ?", (str(copy),))


async def write_on(memory, name, stop):
    """The bot at work; answers at which version it stopped."""
    while not stop.is_set():
        change = await memory.rollouts.change(name, proposing)
    return change.rollout.version


async def taken_while_writing(memory, name, take):
    """Take a copy in a thread while changes go on; answers the version before and after."""
    stop = asyncio.Event()
    before = (await memory.rollouts.change(name, proposing)).rollout.version
    writing = asyncio.create_task(write_on(memory, name, stop))
    await asyncio.to_thread(take)
    stop.set()
    return before, await writing


async def check_restored(url, name, clock, memory, between):
    """The copy is one state of the original, is guarded like it, and goes on from there."""
    database = Database(url)
    await database.read(check_triggers)
    await database.close()
    if url.startswith("postgresql"):
        with closing(Raw(url)) as raw:
            raw.age_lease(memory.lease.length)
    async with opened(url, clock) as restored:
        assert await restored.lease.acquire() == memory.lease.fence + 1, "the fence goes on"
        assert await restored.ledger.verify_all() == ()
        found = await restored.rollouts.load(name)
        assert between[0] <= found.rollout.version <= between[1]
        stream = f"rollout/{name}"
        entries = await restored.ledger.entries(stream)
        assert len(entries) == found.rollout.version + 1
        assert (await memory.ledger.entries(stream))[: len(entries)] == entries

        def back(seen):
            run = replace(seen.rollout.phases[0], state=State.ROLLING_BACK, changed_at=NOW)
            return Change(seen.rollout.with_run(run), entries=(entry(),))

        assert (await restored.rollouts.change(name, back)).rollout.phases[0].state is State.ROLLING_BACK
        assert await restored.ledger.verify_all() == ()


@only.SQLITE
@pytest.mark.parametrize("take", [with_the_backup_api, by_vacuum_into])
async def test_a_file_is_copied_while_the_bot_writes(memory, name, url, clock, tmp_path, take):
    copy = tmp_path / "copy.db"
    between = await taken_while_writing(memory, name, lambda: take(url, copy))
    await check_restored(f"sqlite:///{copy}", name, clock, memory, between)


@only.POSTGRESQL
async def test_a_server_is_dumped_and_restored_while_the_bot_writes(memory, name, url, clock, tmp_path, postgres):
    dump = tmp_path / "rollouts.dump"
    blank = postgres.blank()

    def take():
        subprocess.run([binary("pg_dump"), "--format=custom", f"--file={dump}", url], check=True, capture_output=True)

    between = await taken_while_writing(memory, name, take)
    restore = [binary("pg_restore"), "--exit-on-error", "--single-transaction", f"--dbname={blank}", dump]
    await asyncio.to_thread(subprocess.run, restore, check=True, capture_output=True)
    await check_restored(blank, name, clock, memory, between)
