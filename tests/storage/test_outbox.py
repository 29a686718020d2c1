"""Messages go out in the order of their writing, cards once for many changes, nothing twice unknowingly."""

from dataclasses import replace

import pytest

from bot.domain.posts import Place, Post
from bot.ports import Change, LostLease
from storage.opened import opened
from tests.storage.samples import PLAN, entry, opening


async def say(memory, name, *keys, place=Place.THREAD, card=False):
    posts = tuple(Post.of(name, key, entry(), place) for key in keys)
    posts = (Post.card(name), *posts) if card else posts
    await memory.rollouts.change(name, lambda seen: Change(seen.rollout, posts=posts))


async def keys(memory):
    return [each.post.key for each in await memory.outbox.waiting()]


async def send_all(memory, ts="1.0"):
    for row in await memory.outbox.waiting():
        await memory.outbox.trying(row)
        await memory.outbox.sent(row, ts)


async def test_posts_keep_the_order_of_writing_and_know_their_channel(memory, name):
    await say(memory, name, "b", "a")
    await say(memory, name, "c")
    rows = await memory.outbox.waiting()
    assert [each.post.key for each in rows] == [f"card/{name}", "b", "a", "c"]
    assert {each.channel for each in rows} == {PLAN.channel}


async def test_a_long_channel_does_not_starve_another(memory, name):
    other = replace(PLAN, plan="other", channel="#other")
    await say(memory, name, *(f"long-{number}" for number in range(30)))
    await memory.rollouts.open(other, opening)
    found = await memory.outbox.waiting(limit=10)
    assert "card/other-1" in [each.post.key for each in found]
    in_channel = [each.post.key for each in found if each.channel == PLAN.channel]
    assert in_channel == [f"card/{name}", *(f"long-{number}" for number in range(8))]


async def test_many_changes_of_a_card_are_one_row(memory, name):
    for _ in range(5):
        await say(memory, name, card=True)
    assert await keys(memory) == [f"card/{name}"]


async def test_a_sent_card_waits_again_behind_what_was_written_before(memory, name):
    await send_all(memory, "7.5")
    assert await memory.outbox.card_ts(name) == "7.5"
    await say(memory, name, "before")
    await say(memory, name, "after", card=True)
    rows = await memory.outbox.waiting()
    assert [each.post.key for each in rows] == ["before", f"card/{name}", "after"]
    assert [each.ts for each in rows] == ["", "7.5", ""]


async def test_a_card_that_changed_while_it_was_sent_is_shown_once_more(memory, name):
    (row,) = await memory.outbox.waiting()
    await memory.outbox.trying(row)
    await say(memory, name, card=True)
    await memory.outbox.sent(row, "1.0")
    (again,) = await memory.outbox.waiting()
    assert (again.post.key, again.ts, again.uncertain) == (f"card/{name}", "1.0", False)
    await memory.outbox.sent(again, "1.0")
    assert await memory.outbox.waiting() == ()


async def test_a_card_that_changed_before_the_call_is_shown_once_more(memory, name):
    (row,) = await memory.outbox.waiting()
    await say(memory, name, card=True)
    await memory.outbox.trying(row)
    await memory.outbox.sent(row, "1.0")
    assert await keys(memory) == [f"card/{name}"]


async def test_a_card_that_changed_in_flight_is_shown_once_more_whoever_looks_meanwhile(memory, name):
    (row,) = await memory.outbox.waiting()
    await memory.outbox.trying(row)
    await say(memory, name, card=True)
    await memory.outbox.waiting()
    await memory.outbox.sent(row, "1.0")
    assert await keys(memory) == [f"card/{name}"]


async def test_a_row_in_flight_at_a_crash_is_uncertain(memory, name, url, clock):
    await say(memory, name, "a")
    (card, post) = await memory.outbox.waiting()
    await memory.outbox.sent(card, "1.0")
    await memory.outbox.trying(post)
    async with opened(url, clock, fenced=False) as restarted:
        (row,) = await restarted.outbox.waiting()
    assert (row.post.key, row.uncertain, row.tries) == ("a", True, 1)


async def test_a_change_does_not_make_an_uncertain_card_certain(memory, name):
    (card,) = await memory.outbox.waiting()
    await memory.outbox.trying(card)
    await say(memory, name, card=True)
    (row,) = await memory.outbox.waiting()
    assert row.uncertain


async def test_a_row_that_slack_certainly_did_not_take_waits_again(memory, name):
    (card,) = await memory.outbox.waiting()
    await memory.outbox.trying(card)
    await memory.outbox.again(card)
    (row,) = await memory.outbox.waiting()
    assert (row.uncertain, row.tries) == (False, 1)


async def test_a_refused_row_is_out_of_the_way_and_keeps_the_reason(memory, name, raw):
    await say(memory, name, "a")
    card, post = await memory.outbox.waiting()
    await memory.outbox.refused(card, "msg_too_long")
    assert await keys(memory) == ["a"]
    assert raw.execute("SELECT why FROM outbox WHERE id = ?", (card.id,)).fetchone() == ("msg_too_long",)
    await memory.outbox.sent(post, "1.0")
    await say(memory, name, card=True)
    assert await keys(memory) == [f"card/{name}"], "a refused card gets a new chance when it changes"


async def test_the_card_has_no_ts_before_it_was_sent(memory, name):
    assert await memory.outbox.card_ts(name) is None
    assert await memory.outbox.card_ts("gitguard-9") is None


async def test_sent_posts_of_a_topic_are_found_with_their_ts(memory, name):
    await say(memory, name, "a", "b", card=True)
    await send_all(memory, "3.0")
    await say(memory, name, "c")
    found = await memory.outbox.sent_posts(name, entry().kind)
    assert [(each.post.key, each.ts) for each in found] == [("a", "3.0"), ("b", "3.0")]
    assert await memory.outbox.sent_posts(name, "PhaseDenied") == ()


async def test_nobody_sends_without_the_lease(memory, name):
    (row,) = await memory.outbox.waiting()
    await memory.lease.release()
    with pytest.raises(LostLease):
        await memory.outbox.trying(row)
