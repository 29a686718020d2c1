"""Writes that wait for each other share one commit, and yet each is as if it were alone."""

import asyncio
import sqlite3
import threading
from dataclasses import replace

import pytest

from bot.domain.refusals import Refusal
from bot.ports import DELIVERY, Busy, Change, Delivery, Repeated
from storage.kinds import Trouble
from storage.opened import opened
from storage.writer import MOST
from tests.storage import only
from tests.storage.samples import HOUSE_ENTRY, NOW, PLAN, opening, proposing


class DiskFull(sqlite3.OperationalError):
    """Known again among other errors."""


class Gate:
    """A work that keeps the writer until it is opened, so that what comes meanwhile goes together."""

    def __init__(self, memory):
        self.memory = memory
        self.inside, self.opened = threading.Event(), threading.Event()

    async def __aenter__(self):
        self.task = asyncio.create_task(self.memory.database.write(self._work))
        await asyncio.to_thread(self.inside.wait, 5)
        return self

    async def __aexit__(self, *_):
        # What was begun before has had its turn to queue up.
        await asyncio.sleep(0)
        self.opened.set()
        await self.task

    def _work(self, _session):
        self.inside.set()
        self.opened.wait(5)


@pytest.fixture
def commits(memory, monkeypatch):
    """How many commits there were."""
    line, counted = memory.database._writer._line, []
    commit = line.commit
    monkeypatch.setattr(line, "commit", lambda: (counted.append(1), commit()))
    return counted


async def together(memory, *works):
    """Their outcomes, run in one transaction as far as its cap allows."""
    async with Gate(memory):
        tasks = [asyncio.ensure_future(work) for work in works]
        await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_waits_is_written_in_one_commit_in_its_order(memory, name, commits):
    commits.clear()
    found = await together(memory, *(memory.rollouts.change(name, proposing) for _ in range(40)))
    assert [each.rollout.version for each in found] == list(range(1, 41))
    assert len(commits) == 2, "the gate's and one for all"
    assert await memory.ledger.verify_all() == ()


async def test_no_transaction_grows_beyond_its_cap(memory, name, commits):
    commits.clear()
    await together(memory, *(memory.rollouts.change(name, proposing) for _ in range(MOST + 1)))
    assert len(commits) == 3


async def test_a_failure_is_its_callers_alone_and_leaves_nothing(memory, name):
    def breaks_late(seen):
        # The state is written already when the timers turn out to be none.
        return replace(proposing(seen), timers=("no timer",))

    def breaks(_):
        raise ZeroDivisionError

    change = memory.rollouts.change
    found = await together(
        memory,
        change(name, proposing),
        change(name, breaks_late),
        change(name, breaks),
        change("gitguard-9", proposing),
        change(name, lambda _: Refusal("no", "No.")),
        change(name, proposing),
    )
    first, late, broken, unknown, refused, last = found
    assert (first.rollout.version, last.rollout.version) == (1, 2)
    assert [type(each) for each in (late, broken, unknown, refused)] == [
        AttributeError,
        ZeroDivisionError,
        KeyError,
        Refusal,
    ]
    assert (await memory.rollouts.load(name)).rollout.version == 2
    assert len(await memory.ledger.entries(f"rollout/{name}")) == 3
    assert await memory.ledger.verify_all() == ()


async def test_an_error_of_the_database_is_its_callers_alone_too(memory, name):
    def twice(session):
        for _ in range(2):
            session.driver.execute("INSERT INTO kept (name, text) VALUES ('a', 'b')")

    found = await together(
        memory, memory.rollouts.change(name, proposing), memory.database.write(twice), memory.kept.put("b", "c")
    )
    assert isinstance(found[0], Change)
    assert "unique" in str(found[1]).lower()
    assert (await memory.kept.get("a"), await memory.kept.get("b")) == (None, "c")


async def test_nobody_is_answered_before_the_commit(memory, name, monkeypatch):
    line, held, let = memory.database._writer._line, threading.Event(), threading.Event()
    commit = line.commit
    monkeypatch.setattr(line, "commit", lambda: (held.set(), let.wait(5), commit()))
    tasks = [asyncio.create_task(memory.rollouts.change(name, proposing)) for _ in range(3)]
    await asyncio.to_thread(held.wait, 5)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    assert (await memory.rollouts.load(name)).rollout.version == 0
    let.set()
    assert [each.rollout.version for each in await asyncio.gather(*tasks)] == [1, 2, 3]


async def test_a_work_that_was_withdrawn_while_it_waited_never_runs(memory, name):
    async with Gate(memory):
        gone = asyncio.create_task(memory.rollouts.change(name, proposing))
        stays = asyncio.create_task(memory.rollouts.change(name, proposing))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    assert (await stays).rollout.version == 1


async def test_who_waits_too_long_behind_another_work_is_told_busy(memory, name):
    memory.database.within = 0.05
    async with Gate(memory):
        with pytest.raises(Busy, match="too many writes are waiting; nothing was recorded"):
            await memory.rollouts.change(name, proposing)
    assert (await memory.rollouts.load(name)).rollout.version == 0


@pytest.mark.parametrize("fails", ["commit", "work"])
async def test_when_a_transaction_breaks_as_a_whole_each_goes_alone(memory, name, monkeypatch, fails):
    """As on a full disk, where SQLite may undo everything because of one statement."""
    line, kind, calls = memory.database._writer._line, memory.database.kind, []
    commit, trouble = line.commit, kind.trouble

    def failing():
        calls.append(1)
        if len(calls) == 2 and fails == "commit":
            raise DiskFull("full")
        commit()

    def undoing(session):
        session.driver.execute("INSERT INTO kept (name, text) VALUES ('x', 'y')")
        if len(ran) < 1:
            ran.append(1)
            raise DiskFull("full")

    ran = [] if fails == "work" else [1]
    monkeypatch.setattr(line, "commit", failing)
    monkeypatch.setattr(kind, "trouble", lambda e: Trouble.FULL if isinstance(e, DiskFull) else trouble(e))
    found = await together(
        memory, memory.rollouts.change(name, proposing), memory.database.write(undoing), memory.kept.put("b", "c")
    )
    assert not any(isinstance(each, BaseException) for each in found), found
    assert (await memory.rollouts.load(name)).rollout.version == 1
    assert (await memory.kept.get("x"), await memory.kept.get("b")) == ("y", "c")
    assert await memory.ledger.verify_all() == ()


def cap(session, pages):
    session.driver.execute(f"PRAGMA max_page_count = {pages}").fetchall()


async def test_a_full_disk_is_said_and_nothing_is_recorded(memory, name, raw):
    if raw.kind == "sqlite":
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        await memory.database.write(
            lambda session: session.driver.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        )
        before = raw.dump()
        with pytest.raises(Busy, match="disk of the database is full; nothing was recorded"):
            await memory.kept.put("a", "b" * 100_000)
        assert raw.dump() == before
        await memory.database.write(lambda session: cap(session, 100_000))
    await memory.kept.put("a", "b" * 100_000)
    assert len(await memory.kept.get("a")) == 100_000


def delivered(*keys):
    """Run a write as if it served a delivery of these keys; answers a function that does."""
    delivery = Delivery(keys)

    async def serve(write):
        DELIVERY.set(delivery)
        return await write

    return delivery, serve


async def test_a_delivery_is_remembered_with_what_it_led_to(memory, name, clock):
    delivery, serve = delivered("a", "b")
    await asyncio.create_task(serve(memory.rollouts.change(name, proposing)))
    assert delivery.recorded
    assert await memory.deliveries.seen(["x", "b"]) == clock.real()
    assert await memory.deliveries.seen(["x"]) is None
    assert await memory.deliveries.seen([]) is None


async def test_a_repeat_writes_nothing_whichever_key_gives_it_away(memory, name, raw):
    _, serve = delivered("a", "b")
    await asyncio.create_task(serve(memory.rollouts.change(name, proposing)))
    before = raw.dump()
    for keys in (("a",), ("new", "b"), ("b", "a")):
        again, serve = delivered(*keys)
        with pytest.raises(Repeated):
            await asyncio.create_task(serve(memory.rollouts.change(name, proposing)))
        assert not again.recorded
    assert raw.dump() == before


async def test_every_further_write_of_the_same_delivery_goes_through(memory, name):
    delivery, serve = delivered("a")

    async def two():
        await memory.rollouts.change(name, proposing)
        await asyncio.gather(*(memory.rollouts.change(name, proposing) for _ in range(3)))

    await asyncio.create_task(serve(two()))
    assert delivery.recorded
    assert (await memory.rollouts.load(name)).rollout.version == 4


async def test_writes_of_one_delivery_may_share_a_transaction(memory, name):
    delivery, serve = delivered("a")
    change = memory.rollouts.change
    found = await together(memory, *(asyncio.create_task(serve(change(name, proposing))) for _ in range(3)))
    assert [each.rollout.version for each in found] == [1, 2, 3]
    assert delivery.recorded


async def test_of_two_repeats_in_one_transaction_one_is_written(memory, name):
    pair = [delivered("same", str(number)) for number in range(2)]
    found = await together(
        memory, *(asyncio.create_task(serve(memory.rollouts.change(name, proposing))) for _, serve in pair)
    )
    assert [type(each) for each in found] == [Change, Repeated]
    assert [delivery.recorded for delivery, _ in pair] == [True, False]
    assert await memory.deliveries.seen(["1"]) is None, "nothing of the repeat is kept, not even its other key"


async def test_a_delivery_whose_write_failed_is_not_remembered(memory, name):
    delivery, serve = delivered("a")
    found = await together(
        memory,
        asyncio.create_task(serve(memory.rollouts.change("gitguard-9", proposing))),
        memory.rollouts.change(name, proposing),
    )
    assert isinstance(found[0], KeyError)
    assert not delivery.recorded
    assert await memory.deliveries.seen(["a"]) is None
    await asyncio.create_task(serve(memory.rollouts.change(name, proposing)))
    assert delivery.recorded


async def test_a_delivery_is_not_recorded_before_the_commit(memory, name, monkeypatch):
    line, seen = memory.database._writer._line, []
    commit = line.commit
    delivery, serve = delivered("a")
    monkeypatch.setattr(line, "commit", lambda: (seen.append(delivery.recorded), commit()))
    await asyncio.create_task(serve(memory.rollouts.change(name, proposing)))
    assert (seen, delivery.recorded) == ([False], True)


async def test_deliveries_of_two_processes_know_each_other(memory, name, url, clock):
    _, serve = delivered("a")
    await asyncio.create_task(serve(memory.rollouts.change(name, proposing)))
    _, serve = delivered("a")
    async with opened(url, clock, fenced=False) as beside:
        with pytest.raises(Repeated):
            await asyncio.create_task(serve(beside.rollouts.change(name, proposing)))


@only.POSTGRESQL
async def test_two_writers_on_one_server_lose_nothing(memory, name, url, clock, record_property):
    async with opened(url, clock, fenced=False, within=30) as beside:
        memory.database.within = 30
        stores = [store for store in (memory, beside) for _ in range(100)]
        await asyncio.gather(
            *(store.rollouts.change(name, proposing) for store in stores),
            *(store.ledger.append("house", [entry]) for store in stores[::5] for entry in [HOUSE_ENTRY]),
        )
    record_property("figure", "200 changes and 40 entries by two writers, all there")
    assert (await memory.rollouts.load(name)).rollout.version == 200
    assert len(await memory.ledger.entries("house")) == 40
    assert await memory.ledger.verify_all() == ()


async def test_a_rollout_is_opened_once_by_two_processes(memory, url, clock):
    async with opened(url, clock, fenced=False) as beside:
        plans = [replace(PLAN, plan=f"p{number}") for number in range(10)]
        found = await asyncio.gather(
            *(each.rollouts.open(plan, opening) for plan in plans for each in (memory, beside))
        )
    assert sorted(type(each).__name__ for each in found) == ["Change"] * 10 + ["Refusal"] * 10
    assert {each.rollout.opened_at for each in found if isinstance(each, Change)} == {NOW}


async def test_a_bug_in_the_writer_is_told_and_outlived(memory, name, monkeypatch):
    rounds = memory.database._writer._rounds
    with monkeypatch.context() as patched:
        patched.setattr(rounds, "_transact", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await memory.rollouts.change(name, proposing)
    assert (await memory.rollouts.change(name, proposing)).rollout.version == 1


async def test_a_closed_database_takes_no_more_and_what_waited_was_written(url, clock):
    async with opened(url, clock) as memory:
        await memory.lease.acquire()
        waiting = [asyncio.create_task(memory.kept.put(str(number), "x")) for number in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    # Who is served while the process ends is told the truth, and not of a bug.
    with pytest.raises(Busy, match="closed; nothing was recorded"):
        await memory.kept.put("late", "x")
    with pytest.raises(Busy, match="closed"):
        await memory.kept.get("0")
    async with opened(url, clock) as again:
        assert [await again.kept.get(str(number)) for number in range(5)] == ["x"] * 5
