"""Rollouts are opened, changed and read, whole or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.board import Soaked, Standing
from bot.domain.entries import Happened
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.posts import Place, Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.domain.verdicts import Outcome, Reading, Verdict
from bot.ports import Change
from tests.storage.samples import (
    DIGEST,
    MINUTE,
    NOW,
    PLAN,
    RESOLVED,
    closing,
    entry,
    opening,
    proposing,
    timer,
)

NO = Refusal("no", "No.")


async def test_rollouts_of_a_plan_are_numbered(memory):
    first = await memory.rollouts.open(PLAN, opening)
    assert first.rollout.name == "gitguard-1"
    await memory.rollouts.change("gitguard-1", closing)
    second = await memory.rollouts.open(PLAN, opening)
    assert second.rollout.name == "gitguard-2"
    other = await memory.rollouts.open(replace(PLAN, plan="gitguard-2"), opening)
    assert other.rollout.name == "gitguard-2-1"


async def test_one_rollout_of_a_plan_is_live_at_a_time(memory, name):
    refused = await memory.rollouts.open(PLAN, opening)
    assert isinstance(refused, Refusal)
    assert refused.code == "rollout-live"
    assert name in refused.reason
    assert [each.rollout.name for each in await memory.rollouts.live()] == [name]


async def test_a_change_is_read_back_as_it_was_decided(memory, name):
    change = await memory.rollouts.change(name, proposing)
    found = await memory.rollouts.load(name)
    assert found.rollout == change.rollout
    assert found.rollout.phases[0].state is State.PROPOSED
    assert found.plan == PLAN
    assert found.copies == {DIGEST: RESOLVED}


async def test_copies_survive_a_restart(memory, name, url, clock):
    from storage.opened import opened

    await memory.rollouts.change(name, proposing)
    async with opened(url, clock, fenced=False) as again:
        found = await again.rollouts.load(name)
    assert found.plan == PLAN
    assert found.copies == {DIGEST: RESOLVED}
    assert type(found.plan.phases[0].gates[0].every) is type(PLAN.phases[0].gates[0].every)


async def test_a_copy_that_no_run_names_is_kept_but_not_shown(memory, name, raw):
    await memory.rollouts.change(name, proposing)
    await memory.rollouts.change(
        name, lambda seen: Change(seen.rollout.with_run(replace(seen.rollout.phases[0], digest="")))
    )
    assert (await memory.rollouts.load(name)).copies == {}
    assert raw.execute("SELECT count(*) FROM copies WHERE digest = ?", (DIGEST,)).fetchone() == (1,)


@pytest.mark.parametrize("answer", [None, NO])
async def test_a_no_writes_nothing(memory, name, raw, answer):
    before = raw.dump()
    assert await memory.rollouts.change(name, lambda _: answer) is answer
    assert raw.dump() == before


async def test_a_bug_while_deciding_writes_nothing_and_lets_the_next_in(memory, name, raw):
    before = raw.dump()

    def decide(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await memory.rollouts.change(name, decide)
    assert raw.dump() == before
    assert isinstance(await memory.rollouts.change(name, proposing), Change)


async def test_a_change_that_cannot_be_written_whole_is_not_written(memory, name, raw):
    before = raw.dump()
    strange = Intent("other-1", "staging", 1, Ladder.FORWARD, 0, "of another rollout")
    with pytest.raises(ValueError, match="other-1"):
        await memory.rollouts.change(name, lambda seen: replace(proposing(seen), intents=(strange,)))
    assert raw.dump() == before


async def test_an_unknown_rollout_is_a_key_error(memory):
    with pytest.raises(KeyError):
        await memory.rollouts.change("gitguard-9", proposing)
    assert await memory.rollouts.load("gitguard-9") is None


async def test_a_decision_on_an_old_version_is_refused(memory, name):
    stale = await memory.rollouts.load(name)
    await memory.rollouts.change(name, proposing)
    with pytest.raises(ValueError, match="stale"):
        await memory.rollouts.change(name, lambda _: Change(stale.rollout))
    assert (await memory.rollouts.load(name)).rollout.version == 1


async def test_a_change_cannot_write_another_rollout(memory, name):
    with pytest.raises(ValueError, match="gitguard-7"):
        await memory.rollouts.change(name, lambda seen: Change(replace(seen.rollout, name="gitguard-7")))


async def test_live_lists_the_oldest_first_and_leaves_out_the_closed(memory, name):
    def later(new):
        change = opening(new)
        return replace(change, rollout=replace(change.rollout, opened_at=NOW - MINUTE))

    await memory.rollouts.open(replace(PLAN, plan="older"), later)
    assert [each.rollout.name for each in await memory.rollouts.live()] == ["older-1", name]
    assert [each.rollout.name for each in await memory.rollouts.live("gitguard")] == [name]
    await memory.rollouts.change(name, closing)
    assert [each.rollout.name for each in await memory.rollouts.live()] == ["older-1"]


def standing(outcome, value=1.0, *, at=NOW, gate="error-rate"):
    verdict = Verdict(outcome, "says", Reading(value, at, "metrics", 3), at + MINUTE)
    return Standing("staging", 1, gate, verdict)


async def test_standings_are_replaced_and_every_reading_is_kept(memory, name, raw):
    for number, outcome in enumerate((Outcome.PASS, Outcome.FAIL)):
        new = standing(outcome, float(number), at=NOW + number * MINUTE)
        await memory.rollouts.change(name, lambda seen, new=new: Change(seen.rollout, standings=(new,)))
    assert (await memory.rollouts.load(name)).board.standings == (new,)
    kept = raw.execute("SELECT outcome, value, samples FROM samples ORDER BY at").fetchall()
    assert kept == [("pass", "0.0", 3), ("fail", "1.0", 3)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
async def test_a_reading_that_is_no_number_comes_back_as_no_reading(memory, name, raw, value):
    await memory.rollouts.change(name, lambda seen: Change(seen.rollout, standings=(standing(Outcome.ERROR, value),)))
    reading = (await memory.rollouts.load(name)).board.standings[0].verdict.reading
    assert reading.value is None
    assert str(value) in reading.trouble
    assert raw.execute("SELECT value FROM samples").fetchone() == ("null",)


async def test_soaks_and_intents_are_written_over(memory, name):
    soaks = [Soaked("staging", 1, timedelta(microseconds=each), NOW) for each in (1, 86_400_000_001)]
    first = [Intent(name, "staging", 1, Ladder.FORWARD, order, "step") for order in (1, 0)]
    done = replace(first[0], stage=Stage.DONE, sealed={"version": "1.2"}, deadline=NOW, says="done")
    await memory.rollouts.change(name, lambda seen: Change(seen.rollout, soaks=(soaks[0],), intents=tuple(first)))
    await memory.rollouts.change(name, lambda seen: Change(seen.rollout, soaks=(soaks[1],), intents=(done,)))
    found = await memory.rollouts.load(name)
    assert found.board.soaks == (soaks[1],)
    assert found.intents == (done, first[1]), "in the order of recording"


async def test_cancels_are_prefixes_within_the_rollout_and_come_before_new_timers(memory, name):
    others = (timer("gitguard-1/Staging/a"), timer("gitguard-10/staging/a", "gitguard-10"))
    gone = (timer("gitguard-1/staging/a"), timer("gitguard-1/staging/b"))
    for each in (*others, *gone):
        await memory.timers.add(each)
    new = timer("gitguard-1/staging/b", at=NOW - MINUTE)
    await memory.rollouts.change(
        name, lambda seen: Change(seen.rollout, cancels=("gitguard-1/staging/", "gitguard-1/other/"), timers=(new,))
    )
    assert set(await memory.timers.due(now=NOW, real=NOW)) == {*others, new}


async def test_a_change_writes_ledger_timers_and_posts_together(memory, name, clock):
    clock.moment += MINUTE
    await memory.rollouts.change(name, proposing)
    entries = await memory.ledger.entries(f"rollout/{name}")
    assert [each.entry.kind for each in entries] == [Happened.ROLLOUT_OPENED, Happened.PHASE_PROPOSED]
    assert [each.at for each in entries] == [NOW, NOW + MINUTE]
    assert [each.key for each in await memory.timers.due(now=NOW, real=NOW)] == [f"{name}/staging/1/expiry"]
    assert [each.post.place for each in await memory.outbox.waiting()] == [Place.CARD, Place.THREAD]


async def test_a_repeated_post_keeps_the_first(memory, name):
    for actor in ("U1", "U2"):
        post = Post.of(name, "once", replace(entry(), actor=actor), Place.CHANNEL)
        await memory.rollouts.change(name, lambda seen, post=post: Change(seen.rollout, posts=(post,)))
    assert [each.post.actor for each in await memory.outbox.waiting() if each.post.key == "once"] == ["U1"]
