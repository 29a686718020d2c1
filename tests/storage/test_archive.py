"""The archive gives everything that is kept of one rollout, byte for byte."""

import hashlib
from dataclasses import replace

from bot.domain.board import Standing
from bot.domain.entries import Happened
from bot.domain.posts import Place, Post
from bot.domain.verdicts import Outcome, Reading, Verdict
from bot.plans.canonical import canonical, digest, plan_bytes
from bot.ports import Change, Told
from tests.storage.samples import DIGEST, MINUTE, NOW, PLAN, RESOLVED, closing, entry, opening, proposing

OTHER = replace(RESOLVED, files={"a.env": "A=2\n"})


def anew(seen):
    """Proposed once more, with other bytes."""
    run = replace(seen.rollout.phases[0], digest=digest(OTHER))
    return Change(seen.rollout.with_run(run), entries=(entry(digest=digest(OTHER)),), copies=(OTHER,))


def first(seen):
    change = proposing(seen)
    return replace(change, entries=(entry(digest=DIGEST),))


async def test_all_of_a_rollout_is_read_at_once(memory, name):
    await memory.rollouts.change(name, first)
    await memory.rollouts.change(name, anew)
    reading = Reading(0.5, NOW, "metrics: x", samples=3)
    seen = Standing("staging", 1, "error-rate", Verdict(Outcome.PASS, "fine", reading, NOW + MINUTE))
    await memory.rollouts.change(name, lambda seen_: Change(seen_.rollout, standings=(seen,)))
    await memory.rollouts.change(name, closing)
    found = await memory.archive.of(name)
    assert found.snapshot == await memory.rollouts.load(name)
    assert found.plan == plan_bytes(PLAN)
    assert found.copies == {DIGEST: canonical(RESOLVED), digest(OTHER): canonical(OTHER)}
    assert [record.sequence for record in found.records] == [1, 2, 3, 4]
    assert all(hashlib.sha256(record.payload).hexdigest() == record.hash for record in found.records)
    assert [record.previous for record in found.records[1:]] == [record.hash for record in found.records[:-1]]
    (sample,) = found.samples
    assert (sample.gate, sample.at, sample.outcome, sample.value, sample.samples) == (
        "error-rate",
        NOW,
        "pass",
        "0.5",
        3,
    )


async def test_what_slack_has_is_told_with_the_way_to_it(memory, name):
    post = Post.of(name, "a", entry(), Place.THREAD)
    await memory.rollouts.change(name, lambda seen: Change(seen.rollout, posts=(post,)))
    card, thread = await memory.outbox.waiting()
    await memory.outbox.sent(card, "1.5", "C042")
    await memory.outbox.sent(card, "1.5")
    assert (await memory.archive.of(name)).told == (Told(f"card/{name}", "card", "card", "", "C042", "1.5"),)
    await memory.outbox.sent(thread, "2.5")
    found = (await memory.archive.of(name)).told
    assert found[1] == Told("a", entry().kind, "thread", "staging", PLAN.channel, "2.5")


async def test_another_rollout_is_not_in_it_and_none_is_none(memory, name):
    other = replace(PLAN, plan="other")
    await memory.rollouts.open(other, opening)
    await memory.rollouts.change("other-1", proposing)
    found = await memory.archive.of(name)
    assert [record.sequence for record in found.records] == [1]
    assert found.copies == {}
    assert await memory.archive.of("gitguard-9") is None
    assert Happened.ROLLOUT_OPENED.value in found.records[0].payload.decode()
