"""A connection that is lost, at COMMIT or anywhere else, never makes the bot say what is not true."""

import asyncio
import os
import random
import tempfile
from pathlib import Path

import pytest

from bot.ports import Busy, Change, Uncertain
from storage.opened import opened
from tests.storage import only
from tests.storage.cutting import Cutting
from tests.storage.samples import PLAN, HandClock, opening, proposing

pytestmark = only.POSTGRESQL
CUTS = ("before", "after", "midst")


@pytest.fixture
async def line(url, postgres):
    """A proxy and the address by which it leads to the test's own database."""
    with tempfile.TemporaryDirectory(prefix="cut-") as folder:
        async with Cutting(postgres.folder, Path(folder)) as proxy:
            yield proxy, f"{url.partition('?')[0]}?host={folder}"


@pytest.fixture
async def cut_off(line):
    """A memory whose connections lead through the proxy."""
    proxy, address = line
    async with opened(address, HandClock(), within=8) as memory:
        await memory.lease.acquire()
        await memory.rollouts.open(PLAN, opening)
        yield proxy, memory


async def version_of(memory):
    return (await memory.rollouts.load("gitguard-1")).rollout.version


@pytest.mark.parametrize("rounds", [20, pytest.param(300, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("cut", CUTS)
async def test_a_commit_without_an_answer_is_told_as_it_went(cut_off, cut, rounds, record_property):
    proxy, memory = cut_off
    wrong, before = 0, 0
    for number in range(rounds):
        proxy.cut = cut
        try:
            change = await memory.rollouts.change("gitguard-1", proposing)
            said = change.rollout.version
        except Busy:
            said = before
        found = await version_of(memory)
        wrong += found != said
        before = found
        assert proxy.cuts == number + 1
    record_property("figure", f"cut {cut} COMMIT: {rounds} times, {wrong} wrong answers")
    assert wrong == 0
    assert before == rounds, "each was recorded exactly once"
    assert len(await memory.ledger.entries("rollout/gitguard-1")) == rounds + 1
    assert await memory.ledger.verify_all() == ()


async def test_many_in_one_transaction_are_told_alike(cut_off):
    proxy, memory = cut_off
    for cut in CUTS:
        before = await version_of(memory)
        proxy.cut = cut
        done = await asyncio.gather(*(memory.rollouts.change("gitguard-1", proposing) for _ in range(10)))
        assert sorted(each.rollout.version for each in done) == list(range(before + 1, before + 11))
        assert await version_of(memory) == before + 10


@pytest.mark.parametrize("cut", CUTS)
async def test_where_nobody_can_be_asked_it_is_told_as_uncertain(cut_off, cut, monkeypatch):
    monkeypatch.setattr("storage.postgres._ASK_S", 0.3)
    proxy, memory = cut_off
    proxy.cut, proxy.deaf = cut, True
    with pytest.raises(Uncertain, match="not known"):
        await memory.rollouts.change("gitguard-1", proposing)
    proxy.deaf = False
    assert await version_of(memory) == (1 if cut == "after" else 0)
    assert isinstance(await memory.rollouts.change("gitguard-1", proposing), Change)


async def test_an_unreachable_database_is_busy_and_nothing_is_written(cut_off):
    proxy, memory = cut_off
    memory.database.within = 0.5
    await drop_lines(proxy)
    proxy.deaf = True
    with pytest.raises(Busy, match="nothing was recorded"):
        await memory.rollouts.change("gitguard-1", proposing)
    with pytest.raises(Busy, match="could not be read"):
        await version_of(memory)
    proxy.deaf = False
    assert await version_of(memory) == 0
    assert (await memory.rollouts.change("gitguard-1", proposing)).rollout.version == 1


async def drop_lines(proxy):
    for task in tuple(proxy._tasks):
        task.cancel()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("rounds", [10, pytest.param(200, marks=pytest.mark.endurance)])
async def test_connections_that_break_at_any_moment_are_made_again(cut_off, rounds, record_property):
    proxy, memory = cut_off
    seed = int(os.environ.get("ROLLOUT_SEED") or random.SystemRandom().randrange(2**32))
    record_property("figure", f"{rounds} breaks at random moments, seed {seed}")
    dice = random.Random(seed)
    said = 0
    for _ in range(rounds):
        writing = asyncio.create_task(memory.rollouts.change("gitguard-1", proposing))
        await asyncio.sleep(dice.random() * 0.006)
        await drop_lines(proxy)
        said = (await writing).rollout.version
        assert await version_of(memory) == said
    assert said == rounds
    assert await memory.ledger.verify_all() == ()
