"""What the host's operator orders is carried out once, by name, and what he may not do is refused."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.entries import Happened
from bot.domain.rollout import State
from bot.jobs.orders import Orderly
from bot.jobs.stirring import Patient
from bot.ports import Busy, LostLease, Order, OrderState, Uncertain
from bot.rehearsal.orders import RehearsalOrders
from bot.workflows.ordering import LIFE, Ordering
from tests.conversations.conftest import Walker, small_plan
from tests.jobs.conftest import running, until


@pytest.fixture
def walker(tmp_path):
    (tmp_path / "staging.env").write_text("ON=true\n")
    return Walker(small_plan(), tmp_path)


@pytest.fixture
def ordering(walker):
    stage = walker.stage
    ledger = stage.rollouts._ledger
    return Ordering(RehearsalOrders(), stage.progress, stage.rollbacks, stage.rollouts, ledger, stage.clock)


def order(ordering, verb, reason="the disk is full", phase="", rollout="small-1", number=1):
    return Order(f"o{number}", ordering.clock.real(), "ada", verb, rollout, phase, reason)


async def told(ordering, asked):
    """Give the order, let it be answered, and hear the answer."""
    await ordering.orders.give(asked)
    assert await ordering.answer_waiting() == 1
    answered = await ordering.orders.find(asked.id)
    assert await ordering.orders.waiting() == ()
    return answered.state, answered.answer


async def entries(ordering, kind):
    return [each.entry for each in await ordering.ledger.entries("rollout/small-1") if each.entry.kind is kind]


async def soaking(walker):
    await walker.start()
    await walker.approve()
    await walker.start()
    await walker.work()
    assert (await walker.run()).state is State.SOAKING


async def test_a_hold_is_by_the_operators_name_and_carries_its_order(walker, ordering):
    await soaking(walker)
    assert await told(ordering, order(ordering, "hold")) == (OrderState.DONE, "small-1, staging is held.")
    held = (await walker.run()).hold
    assert (held.by, held.reason) == ("operator:ada", "the disk is full")
    (entry,) = await entries(ordering, Happened.PHASE_HELD)
    assert entry.facts["order"] == "o1"


async def test_a_rollback_goes_back_through_the_same_runner(walker, ordering):
    await soaking(walker)
    state, answer = await told(ordering, order(ordering, "rollback"))
    assert state is OrderState.DONE
    assert answer.startswith("small-1, staging goes back, ")
    await walker.work()
    assert (await walker.run()).state is State.ROLLED_BACK


async def test_an_abort_ends_a_proposal(walker, ordering):
    await walker.start()
    assert await told(ordering, order(ordering, "abort")) == (OrderState.DONE, "small-1, staging is aborted.")
    assert (await walker.run()).state is State.ABORTED


async def test_an_abort_after_an_effect_is_refused_with_its_code(walker, ordering):
    await soaking(walker)
    state, answer = await told(ordering, order(ordering, "abort"))
    assert state is OrderState.REFUSED
    assert answer.endswith("Code: not-now")


@pytest.mark.parametrize("verb", ["hold", "rollback"])
async def test_an_order_whose_answer_was_lost_is_recognised_and_not_done_again(walker, ordering, verb):
    await soaking(walker)
    asked = order(ordering, verb)
    await told(ordering, asked)
    version = (await walker.seen()).rollout.version
    after_the_crash = replace(ordering, orders=RehearsalOrders())
    state, answer = await told(after_the_crash, replace(asked, state=OrderState.TAKEN))
    assert state is OrderState.DONE
    assert answer.startswith(f"small-1, staging {'is held' if verb == 'hold' else 'goes back'}")
    assert (await walker.seen()).rollout.version == version


async def test_the_same_order_given_twice_by_hand_is_refused_the_second_time(walker, ordering):
    await soaking(walker)
    await told(ordering, order(ordering, "hold"))
    state, answer = await told(ordering, order(ordering, "hold", number=2))
    assert state is OrderState.REFUSED
    assert "held: the disk is full; hold is not possible now." in answer
    assert len(await entries(ordering, Happened.PHASE_HELD)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rollout": "smal-1"}, "There is no rollout 'smal-1': did you mean 'small-1'? Code: unknown-rollout"),
        ({"phase": "stagin"}, "Small has no phase 'stagin': did you mean 'staging'? Code: unknown-phase"),
        ({"reason": "  "}, "To hold needs a reason. Say why; it is on record for good. Code: reason"),
        ({"verb": "approve"}, "The host's operator cannot approve. Code: operator"),
        ({"verb": "waive"}, "The host's operator cannot waive. Code: operator"),
        ({"phase": "canary"}, "canary is pending; hold is not possible now. Open: propose. Code: not-now"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_its_remedy(walker, ordering, change, words):
    await soaking(walker)
    before = await walker.seen()
    assert await told(ordering, replace(order(ordering, "hold"), **change)) == (OrderState.REFUSED, words)
    assert await walker.seen() == before


async def test_an_order_that_waited_too_long_is_not_carried_out(walker, ordering):
    await soaking(walker)
    asked = order(ordering, "rollback")
    walker.stage.clock.advance(LIFE + timedelta(seconds=1))
    state, answer = await told(ordering, asked)
    assert state is OrderState.REFUSED
    assert answer.endswith("Give it again. Code: order-expired")
    assert (await walker.run()).state is not State.ROLLING_BACK


async def test_a_busy_store_leaves_the_order_waiting(walker, ordering):
    await soaking(walker)
    walker.stage.rollouts.troubles.append(Busy("busy"))
    await ordering.orders.give(order(ordering, "hold"))
    with pytest.raises(Busy):
        await ordering.answer_waiting()
    assert [each.state for each in await ordering.orders.waiting()] == [OrderState.TAKEN]
    assert await ordering.answer_waiting() == 1
    assert (await walker.run()).hold


async def test_a_lost_lease_ends_the_loop_and_leaves_the_order_for_the_next(walker, ordering):
    await soaking(walker)
    walker.stage.rollouts.troubles.append(LostLease("lost"))
    await ordering.orders.give(order(ordering, "hold"))
    with pytest.raises(LostLease):
        await Orderly(ordering).run()
    assert len(await ordering.orders.waiting()) == 1


class Yielding:
    """The walker's clock, which lets other tasks run while it sleeps."""

    def __init__(self, clock):
        self.clock = clock

    def real(self):
        return self.clock.real()

    async def sleep(self, _seconds):
        await asyncio.sleep(0.01)


class Broken:
    async def load(self, _name):
        raise ZeroDivisionError

    async def live(self, _plan=None):
        return ()


async def test_a_bug_is_told_to_the_one_who_ordered_and_the_loop_goes_on(walker, ordering):
    await soaking(walker)
    await ordering.orders.give(order(ordering, "hold"))
    broken = replace(ordering, rollouts=Broken(), clock=Yielding(ordering.clock))

    async def answered():
        return (await ordering.orders.find("o1")).state is OrderState.REFUSED

    async with running(Orderly(broken)):
        await until(answered)
    assert "ZeroDivisionError" in (await ordering.orders.find("o1")).answer
    assert (await ordering.orders.find("o1")).answer.endswith("Code: rollout-bug")


class LosesAnswers:
    """A store whose writes are recorded and whose answers are lost once: the connection broke at COMMIT."""

    def __init__(self, store):
        self.store, self.left = store, 1

    async def change(self, name, decide):
        written = await self.store.change(name, decide)
        if self.left:
            self.left -= 1
            raise Uncertain("the connection broke")
        return written

    def __getattr__(self, name):
        return getattr(self.store, name)


@pytest.mark.parametrize("verb", ["hold", "rollback"])
async def test_an_order_that_was_recorded_is_not_answered_as_refused(walker, ordering, verb):
    """Whoever waits its turn decides again after a lost answer, and is told that it is done already."""
    await soaking(walker)
    store = Patient(LosesAnswers(ordering.rollouts))
    progress, rollbacks = replace(ordering.progress, rollouts=store), replace(ordering.rollbacks, rollouts=store)
    unlucky = replace(ordering, rollouts=store, progress=progress, rollbacks=rollbacks)
    state, answer = await told(unlucky, order(ordering, verb))
    assert (state, answer.split(",")[0]) == (OrderState.DONE, "small-1")
