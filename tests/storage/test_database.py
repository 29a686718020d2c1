"""One writer at a time, within a budget or not at all; what is written is on the disk."""

import asyncio
import sqlite3
import stat
import time
from contextlib import closing as closed

import pytest
from sqlmodel import text

from bot.ports import Busy, Change
from storage.database import ENTER_WITHIN, Database
from storage.opened import opened
from storage.session import Session
from tests.storage import only
from tests.storage.samples import proposing


def pragma(session: Session, name: str) -> object:
    return session.connection().execute(text(f"PRAGMA {name}")).scalar()


@only.SQLITE
@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 100)]
)
async def test_writer_and_readers_are_settled_alike(memory, name, value):
    assert await memory.database.write(lambda session: pragma(session, name)) == value
    assert await memory.database.read(lambda session: pragma(session, name)) == value


@only.SQLITE
async def test_the_file_is_its_owners_alone(memory, file):
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    kept = sorted(file.parent.iterdir())
    assert [each.name for each in kept] == ["rollouts.db", "rollouts.db-shm", "rollouts.db-wal", "rollouts.db.lock"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}


async def test_a_kind_of_database_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="mysql"):
        Database("mysql://127.0.0.1/rollouts")
    with pytest.raises(ValueError, match="file"):
        Database("sqlite+aiosqlite://")


async def test_busy_while_another_process_holds_the_lock_and_nothing_is_written(memory, name, raw):
    raw.hold()
    before = raw.dump()
    started = time.monotonic()
    answers = await asyncio.gather(
        *(memory.rollouts.change(name, proposing) for _ in range(100)), return_exceptions=True
    )
    took = time.monotonic() - started
    assert {type(answer) for answer in answers} == {Busy}
    assert ENTER_WITHIN - 0.2 < took < 2.5
    assert (await memory.rollouts.load(name)).rollout.version == 0, "reading goes on meanwhile"
    raw.free()
    assert raw.dump() == before
    assert isinstance(await memory.rollouts.change(name, proposing), Change)


async def test_a_lock_that_is_released_in_time_is_waited_for(memory, name, raw):
    raw.hold()
    waiting = asyncio.create_task(memory.rollouts.change(name, proposing))
    await memory.rollouts.load(name)
    assert not waiting.done()
    raw.free()
    assert isinstance(await waiting, Change)


async def test_a_hundred_changes_at_once_are_all_written(memory, name):
    memory.database.within = 20
    await asyncio.gather(*(memory.rollouts.change(name, proposing) for _ in range(100)))
    assert (await memory.rollouts.load(name)).rollout.version == 100
    assert len(await memory.ledger.entries(f"rollout/{name}")) == 101


async def test_two_processes_do_not_lose_each_others_changes(memory, name, url, clock):
    async with opened(url, clock, fenced=False, within=20) as beside:
        memory.database.within = 20
        both = [store.rollouts.change(name, proposing) for store in (memory, beside) for _ in range(20)]
        await asyncio.gather(*both)
    assert (await memory.rollouts.load(name)).rollout.version == 40
    assert await memory.ledger.verify(f"rollout/{name}") is None


async def test_a_caller_that_goes_away_while_waiting_leaves_nothing_behind(memory, name, raw):
    raw.hold()
    tasks = [asyncio.create_task(memory.rollouts.change(name, proposing)) for _ in range(3)]
    await memory.rollouts.load(name)
    for task in tasks:
        task.cancel()
    gone = await asyncio.gather(*tasks, return_exceptions=True)
    raw.free()
    assert {type(each) for each in gone} == {asyncio.CancelledError}
    change = await memory.rollouts.change(name, proposing)
    assert change.rollout.version == 1, "none of the three was written, and the lock is free"


async def test_a_transaction_that_was_entered_completes_though_its_caller_goes_away(memory, name):
    entered = asyncio.Event()

    def decide(seen):
        entered.set()
        return proposing(seen)

    task = asyncio.create_task(memory.rollouts.change(name, decide))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await memory.rollouts.load(name)).rollout.version == 1


async def test_a_reader_sees_one_state_of_everything(memory, name, raw):
    def work(session):
        first = session.connection().execute(text("SELECT version FROM rollouts")).scalar()
        raw.execute("UPDATE rollouts SET version = version + 1")
        return first, session.connection().execute(text("SELECT version FROM rollouts")).scalar()

    assert await memory.database.read(work) == (0, 0)


@only.SQLITE
async def test_the_file_is_let_go_at_the_end(url, clock, file):
    async with opened(url, clock) as memory:
        await memory.lease.acquire()
    with closed(sqlite3.connect(file, isolation_level=None, timeout=0)) as raw:
        # Leaving WAL mode is possible only for one who is alone.
        assert raw.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
