"""What every TimerStore promises."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.timers import TimerKind
from tests.storage.samples import MINUTE, NOW, timer

LATER = NOW + timedelta(days=100)


async def due(stores, now=NOW, real=LATER, **more):
    return await stores.timers.due(now=now, real=real, **more)


async def test_a_due_timer_is_claimed_once_and_handed_out_again_after_a_minute(stores) -> None:
    await stores.timers.add(timer("a"))
    assert await due(stores, NOW - MINUTE) == ()
    assert await due(stores) == (timer("a"),)
    assert await due(stores, real=LATER + MINUTE - timedelta(microseconds=1)) == ()
    assert await due(stores, real=LATER + MINUTE) == (timer("a"),)


async def test_due_timers_come_in_the_order_of_their_moments_and_not_all_at_once(stores) -> None:
    for key, minutes in (("b", 1), ("c", 2), ("a", 3), ("z", 0), ("d", 1)):
        await stores.timers.add(timer(key, at=NOW + minutes * MINUTE))
    first = await due(stores, NOW + 5 * MINUTE, limit=3)
    rest = await due(stores, NOW + 5 * MINUTE, limit=3)
    assert [each.key for each in (*first, *rest)] == ["z", "b", "d", "c", "a"]


async def test_a_countdown_runs_on_the_real_clock(stores) -> None:
    countdown = timer("c", at=LATER, kind=TimerKind.COUNTDOWN)
    await stores.timers.add(countdown)
    assert await due(stores, LATER + MINUTE, LATER - MINUTE) == ()
    assert await due(stores, NOW, LATER) == (countdown,)


async def test_a_finished_timer_is_gone(stores) -> None:
    await stores.timers.add(timer("a"))
    (claimed,) = await due(stores)
    await stores.timers.finish(claimed)
    assert await due(stores, real=LATER + 2 * MINUTE) == ()
    assert await stores.timers.next_due() == (None, None)


async def test_a_finished_timer_may_be_due_again(stores) -> None:
    await stores.timers.add(timer("a"))
    (claimed,) = await due(stores)
    await stores.timers.finish(claimed, again_at=NOW + MINUTE)
    assert await due(stores) == ()
    assert await due(stores, NOW + MINUTE) == (replace(claimed, due_at=NOW + MINUTE),)


async def test_a_timer_that_was_moved_meanwhile_keeps_its_new_moment(stores) -> None:
    await stores.timers.add(timer("a"))
    (claimed,) = await due(stores)
    moved = replace(claimed, due_at=NOW + 10 * MINUTE)
    await stores.timers.add(moved)
    await stores.timers.finish(claimed)
    await stores.timers.finish(claimed, again_at=NOW + MINUTE)
    assert await due(stores, NOW + 5 * MINUTE) == ()
    assert await due(stores, NOW + 10 * MINUTE) == (moved,)


async def test_a_timer_that_was_set_anew_meanwhile_is_not_finished(stores) -> None:
    await stores.timers.add(timer("a"))
    (claimed,) = await due(stores)
    await stores.timers.add(timer("a"))
    await stores.timers.finish(claimed)
    assert await due(stores) == (timer("a"),)


async def test_finishing_what_is_gone_does_nothing(stores) -> None:
    await stores.timers.finish(timer("never"))
    await stores.timers.finish(timer("never"), again_at=NOW)
    assert await due(stores) == ()


async def test_the_earliest_waiting_moments_of_both_clocks_are_told(stores) -> None:
    assert await stores.timers.next_due() == (None, None)
    for key, minutes in (("b", 2), ("a", 1)):
        await stores.timers.add(timer(key, at=NOW + minutes * MINUTE))
    await stores.timers.add(timer("c", at=LATER, kind=TimerKind.COUNTDOWN))
    assert await stores.timers.next_due() == (NOW + MINUTE, LATER)
    await due(stores, NOW + MINUTE)
    assert await stores.timers.next_due() == (NOW + 2 * MINUTE, None)
