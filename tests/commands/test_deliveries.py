"""A delivery that comes twice is served once, for ten minutes."""

import asyncio
from datetime import timedelta

import pytest

from bot.rehearsal.clock import RehearsalClock
from commands.deliveries import Deliveries


@pytest.fixture
def clock() -> RehearsalClock:
    return RehearsalClock()


async def test_the_second_of_two_at_once_waits_for_the_first_ones_answer(clock: RehearsalClock) -> None:
    deliveries: Deliveries[int] = Deliveries(clock.real)
    go, served = asyncio.Event(), []

    async def serve() -> int:
        served.append(1)
        await go.wait()
        return len(served)

    both = asyncio.gather(deliveries.once(("t1",), serve), deliveries.once(("t1",), serve))
    await asyncio.sleep(0)
    go.set()
    assert list(await both) == [1, 1]
    assert await deliveries.once(("t1",), serve) == 1
    assert await deliveries.once(("t2",), serve) == 2


async def test_it_is_forgotten_after_ten_minutes(clock: RehearsalClock) -> None:
    deliveries: Deliveries[str] = Deliveries(clock.real)
    served: list[str] = []

    async def serve() -> str:
        served.append("once")
        return "done"

    await deliveries.once(("t1",), serve)
    clock.advance(timedelta(minutes=9, seconds=59))
    await deliveries.once(("t1",), serve)
    assert len(served) == 1
    clock.advance(timedelta(seconds=1))
    await deliveries.once(("t1",), serve)
    assert len(served) == 2


async def test_what_has_no_key_is_always_served(clock: RehearsalClock) -> None:
    deliveries: Deliveries[int] = Deliveries(clock.real)
    served: list[int] = []

    async def serve() -> int:
        served.append(1)
        return len(served)

    assert [await deliveries.once(("",), serve), await deliveries.once(("",), serve)] == [1, 2]


async def test_a_listener_that_is_cut_off_does_not_stop_the_serving(clock: RehearsalClock) -> None:
    deliveries: Deliveries[str] = Deliveries(clock.real)
    go = asyncio.Event()

    async def serve() -> str:
        await go.wait()
        return "done"

    first = asyncio.ensure_future(deliveries.once(("t1",), serve))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await deliveries.once(("t1",), serve) == "done"
    assert first.cancelled()
