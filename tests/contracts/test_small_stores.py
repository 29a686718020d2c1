"""What every Deliveries, Kept, Orders and Subscriptions promises."""

import asyncio
from dataclasses import replace

import pytest

from bot.ports import DELIVERY, Delivery, Order, OrderState
from bot.rehearsal.deliveries import RehearsalDeliveries
from tests.storage.samples import MINUTE, NOW, timer

ORDER = Order("o-1", NOW, "root", "hold", "gitguard-1", "canary", 'it\'s late; "stop" – now')


async def deliver(stores, *keys: str) -> None:
    """Record a delivery of these keys, now."""
    if isinstance(stores.deliveries, RehearsalDeliveries):
        stores.deliveries.put(keys, stores.clock.real())
        return

    async def serve() -> None:
        DELIVERY.set(Delivery(keys))
        await stores.timers.add(timer("any"))

    await asyncio.create_task(serve())


async def test_a_delivery_is_known_by_any_of_its_keys_since_its_moment(stores) -> None:
    first = stores.clock.real()
    await deliver(stores, "a", "b")
    stores.clock.wall += MINUTE
    await deliver(stores, "c")
    seen = stores.deliveries.seen
    assert [await seen([key]) for key in "abcd"] == [first, first, first + MINUTE, None]
    assert await seen(["d", "c", "b"]) == first, "the earliest"
    assert await seen(iter(["d", "c"])) == first + MINUTE
    assert await seen(()) is None


async def test_what_was_delivered_long_ago_is_forgotten(stores) -> None:
    await deliver(stores, "a", "b")
    stores.clock.wall += MINUTE
    await deliver(stores, "c")
    assert await stores.deliveries.forget(stores.clock.real()) == 2
    assert await stores.deliveries.seen(["a", "b"]) is None
    assert await stores.deliveries.seen(["c"]) == stores.clock.real()
    assert await stores.deliveries.forget(stores.clock.real()) == 0


async def test_a_text_is_kept_until_another_takes_its_place(stores) -> None:
    assert await stores.kept.get("identity") is None
    for text in ("", "été 🦀\n'\"", "x" * 100_000):
        await stores.kept.put("identity", text)
        assert await stores.kept.get("identity") == text
    assert await stores.kept.get("Identity") is None


async def test_an_order_waits_until_it_is_answered(stores) -> None:
    later, other = replace(ORDER, id="o-0", at=NOW + MINUTE), replace(ORDER, id="o-2")
    for order in (later, other, ORDER):
        await stores.orders.give(order)
    assert await stores.orders.waiting() == (ORDER, other, later)
    await stores.orders.answer("o-1", OrderState.TAKEN)
    assert await stores.orders.waiting() == (replace(ORDER, state=OrderState.TAKEN), other, later)
    await stores.orders.answer("o-1", OrderState.DONE, "held")
    await stores.orders.answer("o-0", OrderState.REFUSED, "no such rollout")
    assert await stores.orders.waiting() == (other,)
    assert await stores.orders.find("o-1") == replace(ORDER, state=OrderState.DONE, answer="held")
    assert await stores.orders.find("none") is None


async def test_an_order_that_nobody_gave_cannot_be_answered(stores) -> None:
    with pytest.raises(KeyError):
        await stores.orders.answer("none", OrderState.DONE)


async def test_a_person_subscribes_to_kinds_and_ends_it(stores) -> None:
    subscriptions = stores.subscriptions
    assert await subscriptions.of("U1") == frozenset()
    await subscriptions.put("U2", ["holds", "approvals", "holds"])
    await subscriptions.put("U1", iter(["approvals"]))
    assert await subscriptions.of("U2") == {"holds", "approvals"}
    assert await subscriptions.people("approvals") == ("U1", "U2")
    await subscriptions.put("U2", ["drills"])
    assert await subscriptions.people("approvals") == ("U1",)
    assert await subscriptions.people("drills") == ("U2",)
    await subscriptions.put("U2", ())
    assert await subscriptions.of("U2") == frozenset()
    assert await subscriptions.people("drills") == ()
