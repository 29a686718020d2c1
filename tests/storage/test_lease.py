"""At most one process acts, and whoever lost the lease writes nothing more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import LostLease, Meaning, OrderState
from storage.lease import Lease
from storage.opened import opened
from tests.storage import only
from tests.storage.samples import HOUSE_ENTRY, NOW, PLAN, opening, proposing, timer

# A clock that we hold in our hands can be judged exactly, a server's own only roughly.
MOMENTS = {"sqlite": timedelta(microseconds=1), "postgresql": timedelta(seconds=3)}


def lease(memory, clock, holder, **more):
    return Lease(memory.database, clock.real, holder=holder, **more)


@pytest.fixture
async def free(memory):
    """The same database with nobody holding the lease."""
    await memory.lease.release()
    return memory


async def test_only_one_holds_it_and_the_number_rises(free, clock, later, kind):
    moment = MOMENTS[kind]
    a, b = lease(free, clock, "a"), lease(free, clock, "b")
    first = await a.acquire()
    assert await b.acquire() is None
    later(a.length - moment)
    assert await b.acquire() is None
    later(moment)
    assert await b.acquire() == first + 1


async def test_renewing_keeps_it(free, clock, later):
    a, b = lease(free, clock, "a"), lease(free, clock, "b")
    await a.acquire()
    later(a.length / 2)
    await a.renew()
    later(a.length / 2)
    assert await b.acquire() is None


async def test_renewing_a_lost_lease_says_so(free, clock, later):
    a, b = lease(free, clock, "a"), lease(free, clock, "b")
    await a.acquire()
    later(a.length)
    await b.acquire()
    with pytest.raises(LostLease):
        await a.renew()
    with pytest.raises(LostLease):
        await lease(free, clock, "never").renew()


async def test_an_expired_lease_that_nobody_took_is_still_held(free, clock, later):
    a = lease(free, clock, "a")
    await a.acquire()
    later(10 * a.length)
    await a.renew()
    assert await lease(free, clock, "b").acquire() is None


async def test_a_released_lease_is_free_at_once_and_only_its_holder_releases_it(free, clock, later):
    a, b, c = (lease(free, clock, each) for each in "abc")
    await a.acquire()
    later(a.length)
    assert await b.acquire() is not None
    await a.release()
    assert await c.acquire() is None
    await b.release()
    assert await c.acquire() is not None


@only.SQLITE
async def test_a_dead_holder_need_not_be_waited_for(free, clock):
    one, two = free.database.kind.alive(), free.database.kind.alive()
    dead, successor = lease(free, clock, "dead", alive=one), lease(free, clock, "successor", alive=two)
    await dead.acquire()
    assert await successor.acquire() is None, "it lives"
    one.drop()  # what the operating system does when a process ends
    assert await successor.acquire() is not None


@only.SQLITE
async def test_a_living_holder_that_took_over_from_a_paused_one_is_waited_for(free, clock, later):
    locks = [free.database.kind.alive() for _ in range(3)]
    paused, holder, third = (
        lease(free, clock, name, alive=lock) for name, lock in zip(("paused", "holder", "third"), locks, strict=True)
    )
    await paused.acquire()
    later(paused.length)
    assert await holder.acquire() is not None, "a paused process keeps the lock but not the lease"
    locks[0].drop()
    assert await third.acquire() is None, "the lock that came free was not the holder's"
    for lock in locks:
        lock.drop()


async def test_every_write_of_a_process_that_lost_the_lease_is_refused(memory, name, clock, raw, later):
    (row,) = await memory.outbox.waiting()
    await memory.timers.add(timer("a"))
    later(memory.lease.length)
    assert await lease(memory, clock, "successor").acquire() is not None
    before = raw.dump()
    writes = [
        memory.rollouts.open(replace(PLAN, plan="other"), opening),
        memory.rollouts.change(name, proposing),
        memory.timers.add(timer("b")),
        memory.timers.due(now=NOW, real=NOW),
        memory.timers.finish(timer("a")),
        memory.outbox.trying(row),
        memory.outbox.sent(row, "1.0"),
        memory.outbox.refused(row, "no"),
        memory.outbox.again(row),
        memory.buttons.ids([Meaning(name, "approve")]),
        memory.ledger.append("house", [HOUSE_ENTRY]),
        memory.kept.put("name", "text"),
        memory.subscriptions.put("U1", ["approvals"]),
        memory.orders.answer("none", OrderState.DONE),
        memory.deliveries.forget(NOW),
    ]
    for write in writes:
        with pytest.raises(LostLease):
            await write
    assert raw.dump() == before


async def test_the_operator_beside_the_process_that_acts_may_record(memory, name, url, clock):
    async with opened(url, clock, fenced=False) as beside:
        await beside.rollouts.change(name, proposing)
    assert (await memory.rollouts.load(name)).rollout.version == 1
    await memory.lease.renew()


async def test_a_clean_end_hands_the_lease_on_at_once(url, clock):
    for number in (1, 2, 3):
        async with opened(url, clock) as memory:
            assert await memory.lease.acquire() == number


async def fail_while_holding(url, clock):
    async with opened(url, clock) as memory:
        await memory.lease.acquire()
        raise ZeroDivisionError


async def test_an_end_in_disorder_hands_the_lease_on_at_once_too(url, clock):
    with pytest.raises(ZeroDivisionError):
        await fail_while_holding(url, clock)
    async with opened(url, clock) as memory:
        assert await memory.lease.acquire() == 2


async def test_anybody_may_ask_who_holds_it(free, clock, later):
    a, b = lease(free, clock, "a"), lease(free, clock, "b")
    last = await b.read()
    assert (last.fence, last.alive) == (1, False), "the one that was released"
    number = await a.acquire()
    seen = await b.read()
    assert (seen.name, seen.fence, seen.alive) == ("a", number, True)
    assert b.fence is None
    later(a.length)
    assert not (await b.read()).alive
    assert (await b.read()).expires_at <= seen.expires_at


async def test_nobody_holds_what_nobody_ever_held(url, clock):
    async with opened(url, clock, fenced=False) as memory:
        assert await memory.lease.read() is None


@only.SQLITE
async def test_a_holder_that_died_is_seen_dead_at_once(free, clock):
    one, two = free.database.kind.alive(), free.database.kind.alive()
    await lease(free, clock, "dead", alive=one).acquire()
    asking = lease(free, clock, "asking", alive=two)
    assert (await asking.read()).alive
    one.drop()
    assert not (await asking.read()).alive
    assert one.take(), "asking takes nothing away"
    one.drop()


async def test_the_operator_seizes_it_only_when_nobody_lives(free, clock, later):
    bot, operator = lease(free, clock, "bot"), lease(free, clock, "operator")
    number = await bot.acquire()
    assert (await operator.seize()).name == "bot"
    assert operator.fence is None
    await bot.renew()
    later(bot.length)
    assert await operator.seize() == number + 1
    with pytest.raises(LostLease):
        await bot.renew()


@only.POSTGRESQL
async def test_on_a_server_its_clock_decides_whatever_the_hosts_say(free, clock):
    a, b = lease(free, clock, "a"), lease(free, clock, "b")
    await a.acquire()
    clock.wall += 1000 * a.length
    assert await b.acquire() is None
    assert (await b.read()).alive
    clock.wall -= 5000 * a.length
    assert await b.acquire() is None
