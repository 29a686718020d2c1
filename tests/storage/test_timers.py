"""Due moments are claimed once and kept until what they asked for is recorded."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.timers import TimerKind
from bot.ports import Change
from storage.opened import opened
from storage.timers import CLAIMED_FOR
from tests.storage.samples import MINUTE, NOW, timer

REAL = NOW + timedelta(days=100)


async def due(memory, now=NOW, real=REAL, **more):
    return await memory.timers.due(now=now, real=real, **more)


async def test_a_timer_is_due_from_its_moment_on(memory):
    await memory.timers.add(timer("a", at=NOW))
    assert await due(memory, NOW - timedelta(microseconds=1)) == ()
    assert await due(memory, NOW) == (timer("a", at=NOW),)


async def test_a_countdown_runs_on_the_real_clock(memory):
    countdown = timer("a", at=REAL, kind=TimerKind.COUNTDOWN)
    await memory.timers.add(countdown)
    assert await due(memory, now=REAL + MINUTE, real=REAL - MINUTE) == ()
    assert await due(memory, now=NOW, real=REAL) == (countdown,)


async def test_a_claimed_timer_is_handed_out_once_until_its_claim_expires(memory):
    await memory.timers.add(timer("a"))
    taken = await asyncio.gather(*(due(memory) for _ in range(5)))
    assert sorted(map(len, taken)) == [0, 0, 0, 0, 1]
    assert await due(memory, real=REAL + CLAIMED_FOR - timedelta(seconds=1)) == ()
    assert await due(memory, real=REAL + CLAIMED_FOR) == (timer("a"),)


async def test_due_timers_come_in_the_order_of_their_moments_up_to_a_limit(memory):
    for number in (2, 0, 1):
        await memory.timers.add(timer(f"t{number}", at=NOW - MINUTE * (2 - number)))
    assert [each.key for each in await due(memory, limit=2)] == ["t0", "t1"]
    assert [each.key for each in await due(memory, limit=2)] == ["t2"]


async def test_a_finished_timer_is_gone(memory):
    await memory.timers.add(timer("a"))
    (taken,) = await due(memory)
    await memory.timers.finish(taken)
    assert await due(memory, real=REAL + MINUTE * 5) == ()


async def test_a_timer_can_be_due_again(memory):
    await memory.timers.add(timer("a"))
    (taken,) = await due(memory)
    await memory.timers.finish(taken, again_at=NOW + MINUTE)
    assert await due(memory) == ()
    assert await due(memory, NOW + MINUTE) == (replace(taken, due_at=NOW + MINUTE),)


async def test_a_timer_that_was_moved_while_firing_keeps_its_new_moment(memory):
    await memory.timers.add(timer("a"))
    (taken,) = await due(memory)
    await memory.timers.add(timer("a", at=NOW + 5 * MINUTE))
    await memory.timers.finish(taken)
    assert await due(memory) == ()
    assert await due(memory, NOW + 5 * MINUTE) == (timer("a", at=NOW + 5 * MINUTE),)


async def test_a_timer_that_was_set_anew_for_the_same_moment_while_firing_fires_again(memory):
    await memory.timers.add(timer("a"))
    (taken,) = await due(memory)
    await memory.timers.add(timer("a"))
    await memory.timers.finish(taken, again_at=NOW + MINUTE)
    assert await due(memory) == (timer("a"),)


async def test_a_timer_that_was_cancelled_while_firing_stays_cancelled(memory, name):
    await memory.timers.add(timer(f"{name}/a"))
    (taken,) = await due(memory)
    await memory.rollouts.change(name, lambda seen: Change(seen.rollout, cancels=(f"{name}/",)))
    await memory.timers.finish(taken, again_at=NOW + MINUTE)
    assert await due(memory, NOW + 5 * MINUTE) == ()


async def test_the_claims_of_a_dead_process_do_not_outlive_its_lease(memory, url, clock, later):
    await memory.timers.add(timer("a"))
    assert len(await due(memory)) == 1
    later(memory.lease.length)
    async with opened(url, clock) as successor:
        await successor.lease.acquire()
        assert await successor.timers.next_due() == (NOW, None)
        assert await due(successor) == (timer("a"),)


async def test_next_due_tells_the_earliest_waiting_moment_of_each_clock(memory):
    assert await memory.timers.next_due() == (None, None)
    await memory.timers.add(timer("a", at=NOW + MINUTE))
    await memory.timers.add(timer("b", at=NOW))
    await memory.timers.add(timer("c", at=REAL, kind=TimerKind.COUNTDOWN))
    assert await memory.timers.next_due() == (NOW, REAL)
    await due(memory)
    assert await memory.timers.next_due() == (NOW + MINUTE, None)
