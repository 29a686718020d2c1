"""The stores of the doors and of the loops: who is rung, and who waits for a busy store."""

import pytest

from bot.domain.moves import fresh
from bot.domain.refusals import Refusal
from bot.jobs import stirring
from bot.jobs.stirring import Patient, Stirring
from bot.ports import Busy, Change, LostLease
from tests.jobs.conftest import Troubled


@pytest.fixture(autouse=True)
def short_pause(monkeypatch):
    monkeypatch.setattr(stirring, "PAUSE", 0)


@pytest.fixture
async def opened(walker):
    """A store with one rollout in it."""
    await walker.start()
    return walker.stage.rollouts


def same(seen):
    return Change(seen.rollout)


async def test_after_a_write_and_only_then_the_loops_are_rung(opened):
    rung = []
    store = Stirring(opened, [lambda: rung.append("waker"), lambda: rung.append("workers")])
    assert isinstance(await store.change("small-1", lambda seen: Refusal("no", "No.")), Refusal)
    assert await store.change("small-1", lambda seen: None) is None
    assert rung == []
    await store.change("small-1", same)
    assert rung == ["waker", "workers"]


@pytest.mark.parametrize(("way", "rung"), [("start", []), ("begun", ["small-1"]), ("applied", [])])
async def test_who_acts_is_rung_only_for_a_rollout_that_starts_or_goes_back(walker, way, rung):
    await getattr(walker, way)()
    found = []
    store = Stirring(walker.stage.rollouts, acting=[found.append])
    await store.change("small-1", same)
    assert found == rung


async def test_opening_rings_too(walker):
    rung = []
    store = Stirring(walker.stage.rollouts, [lambda: rung.append("waker")])
    now = walker.stage.clock.now()
    await store.open(walker.plan, lambda name: Change(fresh(name, walker.plan, walker.runner, now)))
    assert rung == ["waker"]


async def test_the_doors_store_gives_up_when_it_is_busy(opened):
    opened.troubles.append(Busy("held by another"))
    with pytest.raises(Busy):
        await Stirring(opened).change("small-1", same)


async def test_the_loops_store_waits_its_turn_to_write(opened):
    opened.troubles += [Busy("held by another"), Busy("still")]
    assert isinstance(await Patient(opened).change("small-1", same), Change)
    assert opened.troubles == []


@pytest.mark.parametrize(("method", "asked"), [("load", ("small-1",)), ("live", ())])
async def test_the_loops_store_waits_its_turn_to_read(opened, method, asked):
    store = Troubled(opened, method, Busy("held by another"))
    assert await getattr(Patient(store), method)(*asked)
    assert store.troubles == []


async def test_the_loops_store_does_not_wait_for_a_lost_lease(opened):
    opened.troubles.append(LostLease("another process"))
    with pytest.raises(LostLease):
        await Patient(opened).change("small-1", same)
