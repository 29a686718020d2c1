"""What every RolloutStore promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.board import Soaked, Standing
from bot.domain.entries import Happened
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.posts import Place, Post
from bot.domain.refusals import Refusal
from bot.domain.verdicts import Outcome, Reading, Verdict
from bot.ports import Change, Snapshot
from tests.storage.samples import DIGEST, NOW, PLAN, RESOLVED, closing, entry, opening, proposing, timer

OTHER = replace(PLAN, plan="supersedes", channel="#concelier")


def again(seen: Snapshot, **fields) -> Change:
    """A change that moves the version by one and writes these."""
    return Change(replace(seen.rollout, version=seen.rollout.version + 1), **fields)


def intent(order: int, **more) -> Intent:
    return Intent("gitguard-1", "staging", 1, Ladder.FORWARD, order, f"step {order}", **more)


async def test_a_rollout_is_opened_under_the_next_free_name(stores) -> None:
    first = await stores.rollouts.open(PLAN, opening)
    assert isinstance(first, Change)
    assert first.rollout.name == "gitguard-1"
    await stores.rollouts.change("gitguard-1", closing)
    second = await stores.rollouts.open(PLAN, opening)
    other = await stores.rollouts.open(OTHER, opening)
    assert (second.rollout.name, other.rollout.name) == ("gitguard-2", "supersedes-1")


async def test_no_second_rollout_of_a_plan_is_opened_while_one_is_live(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    asked: list[str] = []
    refused = await stores.rollouts.open(PLAN, lambda name: asked.append(name) or opening(name))
    assert refused == Refusal(
        "rollout-live", "gitguard-1 is still live.", "Close gitguard-1 before a new rollout begins."
    )
    assert asked == []
    assert len(await stores.rollouts.live()) == 1


async def test_what_was_written_is_what_is_read(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    written = await stores.rollouts.change("gitguard-1", proposing)
    seen = await stores.rollouts.load("gitguard-1")
    assert (seen.rollout, seen.plan) == (written.rollout, PLAN)
    assert dict(seen.copies) == {DIGEST: RESOLVED}


async def test_a_copy_that_no_run_names_is_not_shown(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, copies=(RESOLVED,)))
    assert dict((await stores.rollouts.load("gitguard-1")).copies) == {}


async def test_nothing_is_written_for_a_refusal_a_none_or_a_raise(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    before = await stores.rollouts.load("gitguard-1")
    refusal = Refusal("no", "No.")
    assert await stores.rollouts.change("gitguard-1", lambda _: refusal) == refusal
    assert await stores.rollouts.change("gitguard-1", lambda _: None) is None

    def breaks(_: Snapshot) -> Change:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stores.rollouts.change("gitguard-1", breaks)
    assert await stores.rollouts.load("gitguard-1") == before
    assert len(await stores.ledger.entries("rollout/gitguard-1")) == 1


async def test_an_unknown_rollout_is_a_key_error_and_loads_as_none(stores) -> None:
    assert await stores.rollouts.load("gitguard-9") is None
    with pytest.raises(KeyError):
        await stores.rollouts.change("gitguard-9", closing)


async def test_a_decision_on_an_older_version_is_never_written(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    stale = await stores.rollouts.load("gitguard-1")
    await stores.rollouts.change("gitguard-1", proposing)
    late = Change(replace(stale.rollout, plan="late"), entries=(entry(Happened.TASK_DONE),))
    with pytest.raises(ValueError, match="stale"):
        await stores.rollouts.change("gitguard-1", lambda _: late)
    assert (await stores.rollouts.load("gitguard-1")).rollout.plan == "gitguard"
    assert len(await stores.ledger.entries("rollout/gitguard-1")) == 2


async def test_a_change_writes_its_own_rollout_and_no_other(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    await stores.rollouts.open(OTHER, opening)
    with pytest.raises(ValueError, match="cannot write"):
        await stores.rollouts.change("gitguard-1", lambda _: opening("supersedes-1"))
    foreign = replace(intent(0), rollout="supersedes-1")
    with pytest.raises(ValueError, match="cannot write"):
        await stores.rollouts.change("gitguard-1", lambda seen: again(seen, intents=(foreign,)))
    assert (await stores.rollouts.load("gitguard-1")).rollout.version == 0


async def test_intents_keep_their_order_when_they_are_written_over(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    three = tuple(intent(order) for order in (2, 0, 1))
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, intents=three))
    done = replace(three[1], stage=Stage.DONE, sealed={"version": "1.4.0"}, deadline=NOW)
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, intents=(done,)))
    assert (await stores.rollouts.load("gitguard-1")).intents == (three[0], done, three[2])


async def test_the_board_holds_the_newest_of_each(stores) -> None:
    await stores.rollouts.open(PLAN, opening)

    def standing(gate: str, value: float) -> Standing:
        reading = Reading(value, NOW, "metrics: x", samples=3)
        return Standing("staging", 1, gate, Verdict(Outcome.PASS, "fine", reading, NOW + timedelta(minutes=5)), 2, True)  # noqa: FBT003

    first, second, newer = standing("a", 1.5), standing("b", 2.0), standing("a", 3.0)
    soaks = Soaked("staging", 1, timedelta(minutes=1), NOW), Soaked("staging", 1, timedelta(minutes=2), NOW)
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, standings=(first, second), soaks=soaks[:1]))
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, standings=(newer,), soaks=soaks[1:]))
    board = (await stores.rollouts.load("gitguard-1")).board
    assert {each.gate: each for each in board.standings} == {"a": newer, "b": second}
    assert board.soaks == soaks[1:]


async def test_live_rollouts_come_oldest_first_and_by_plan(stores) -> None:
    young = lambda name: replace(opening(name), rollout=replace(opening(name).rollout, opened_at=NOW))  # noqa: E731
    old = lambda name: replace(  # noqa: E731
        opening(name), rollout=replace(opening(name).rollout, opened_at=NOW - timedelta(days=1))
    )
    await stores.rollouts.open(PLAN, young)
    await stores.rollouts.open(OTHER, old)
    assert [seen.rollout.name for seen in await stores.rollouts.live()] == ["supersedes-1", "gitguard-1"]
    assert [seen.rollout.name for seen in await stores.rollouts.live("gitguard")] == ["gitguard-1"]
    await stores.rollouts.change("gitguard-1", closing)
    assert await stores.rollouts.live("gitguard") == ()


async def test_timers_are_cancelled_by_prefix_before_new_ones_are_set_and_only_ones_own(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    mine, kept = timer("gitguard-1/staging/soak"), timer("gitguard-1/canary/soak")
    foreign = timer("gitguard-1/staging/of-another", rollout="gitguard-10")
    renewed = replace(mine, subject="renewed")
    gone = timer("gitguard-1/staging/gone")
    await stores.timers.add(foreign)
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, timers=(mine, gone, kept)))
    await stores.rollouts.change(
        "gitguard-1", lambda seen: again(seen, timers=(renewed,), cancels=("gitguard-1/staging/",))
    )
    due = await stores.timers.due(now=NOW, real=NOW)
    assert set(due) == {renewed, kept, foreign}


async def test_posts_of_a_known_key_are_left_and_the_card_is_shown_anew(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    first = Post.of("gitguard-1", "k", entry(n=1), Place.THREAD)
    second = Post.of("gitguard-1", "k", entry(n=2), Place.THREAD)
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, posts=(first,)))
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, posts=(second, Post.card("gitguard-1"))))
    waiting = await stores.outbox.waiting()
    assert [row.post for row in waiting] == [Post.card("gitguard-1"), first]
    assert {row.channel for row in waiting} == {PLAN.channel}


async def test_entries_are_chained_in_their_order(stores) -> None:
    await stores.rollouts.open(PLAN, opening)
    said = tuple(entry(Happened.GATES_READ, n=n, share=0.5, ok=True, none=None) for n in range(3))
    await stores.rollouts.change("gitguard-1", lambda seen: again(seen, entries=said))
    found = await stores.ledger.entries("rollout/gitguard-1")
    assert [each.sequence for each in found] == [1, 2, 3, 4]
    assert tuple(each.entry for each in found[1:]) == said
    assert len({each.head for each in found}) == 4
    assert {each.at for each in found} == {stores.clock.now()}
    assert [each.sequence for each in await stores.ledger.entries("rollout/gitguard-1", last=2)] == [3, 4]
    assert list(await stores.ledger.entries("rollout/gitguard-1", last=0)) == []
    assert list(await stores.ledger.entries("rollout/none")) == []
