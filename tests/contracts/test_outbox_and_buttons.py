"""What every Outbox and every Buttons promises."""

from dataclasses import replace

import pytest

from bot.domain.posts import Place, Post
from bot.ports import Change, Meaning, Snapshot
from tests.storage.samples import PLAN, entry, opening

CARD = Post.card("gitguard-1")


async def say(stores, *posts: Post) -> None:
    def decide(seen: Snapshot) -> Change:
        return Change(replace(seen.rollout, version=seen.rollout.version + 1), posts=posts)

    await stores.rollouts.change("gitguard-1", decide)


def post(key: str) -> Post:
    return Post.of("gitguard-1", key, entry(), Place.THREAD)


@pytest.fixture
async def outbox(stores):
    await stores.rollouts.open(PLAN, opening)
    (card,) = await stores.outbox.waiting()
    await stores.outbox.trying(card)
    await stores.outbox.sent(card, "1.0")
    return stores.outbox


async def test_messages_wait_in_the_order_of_their_writing(stores, outbox) -> None:
    await say(stores, post("b"), post("a"))
    await say(stores, post("c"))
    assert [row.post.key for row in await outbox.waiting()] == ["b", "a", "c"]
    assert [row.post.key for row in await outbox.waiting(limit=2)] == ["b", "a"]


async def test_a_call_whose_answer_is_not_recorded_is_uncertain(stores, outbox) -> None:
    await say(stores, post("a"))
    (row,) = await outbox.waiting()
    assert (row.tries, row.uncertain, row.ts) == (0, False, "")
    await outbox.trying(row)
    (row,) = await outbox.waiting()
    assert (row.tries, row.uncertain) == (1, True)
    await outbox.again(row)
    (row,) = await outbox.waiting()
    assert (row.tries, row.uncertain) == (1, False)
    await outbox.sent(row, "2.0")
    assert await outbox.waiting() == ()


async def test_what_slack_never_takes_is_out_of_the_way(stores, outbox) -> None:
    await say(stores, post("a"), post("b"))
    first, second = await outbox.waiting()
    await outbox.trying(first)
    await outbox.refused(first, "msg_too_long")
    assert await outbox.waiting() == (second,)


async def test_a_card_is_shown_anew_behind_what_waits_and_keeps_its_ts(stores, outbox) -> None:
    assert await outbox.waiting() == ()
    await say(stores, post("a"), CARD)
    message, card = await outbox.waiting()
    assert (message.post.key, card.post, card.ts, card.tries, card.uncertain) == ("a", CARD, "1.0", 0, False)


async def test_a_card_that_changed_while_it_was_sent_is_shown_once_more(stores, outbox) -> None:
    await say(stores, CARD)
    (card,) = await outbox.waiting()
    await outbox.trying(card)
    await say(stores, CARD)
    await outbox.sent(card, "1.0")
    (once_more,) = await outbox.waiting()
    await outbox.sent(once_more, "1.0")
    assert await outbox.waiting() == ()


async def test_a_card_that_waits_already_is_shown_once(stores, outbox) -> None:
    await say(stores, CARD)
    await say(stores, CARD)
    assert len(await outbox.waiting()) == 1


async def test_the_ts_of_a_card_is_known_once_it_was_sent(stores) -> None:
    assert await stores.outbox.card_ts("gitguard-1") is None
    await stores.rollouts.open(PLAN, opening)
    assert await stores.outbox.card_ts("gitguard-1") is None
    (card,) = await stores.outbox.waiting()
    await stores.outbox.sent(card, "1.0")
    assert await stores.outbox.card_ts("gitguard-1") == "1.0"


def direct(key: str, person: str) -> Post:
    return replace(post(key), place=Place.DIRECT, to=person)


async def test_a_direct_message_waits_in_its_persons_channel(stores, outbox) -> None:
    await say(stores, post("a"), direct("b", "U7"), direct("c", "U8"))
    rows = {row.post.key: row for row in await outbox.waiting()}
    assert {key: row.channel for key, row in rows.items()} == {"a": PLAN.channel, "b": "U7", "c": "U8"}
    assert rows["b"].post == direct("b", "U7")
    for row in rows.values():
        await outbox.trying(row)
        await outbox.sent(row, f"{row.id}.0", f"D{row.id}")
    assert await outbox.waiting() == ()
    found = await outbox.sent_posts("gitguard-1", entry().kind)
    assert [row.post.key for row in found] == ["a"], "what a person was told alone is no message of the card's"


async def test_the_same_meaning_keeps_its_button(stores) -> None:
    start = Meaning("gitguard-1", "start", "canary", 1, "sha256:0")
    others = [replace(start, **{name: value}) for name, value in (("attempt", 2), ("digest", "x"), ("subject", "y"))]
    ids = await stores.buttons.ids([start, *others])
    assert len(set(ids)) == 4
    assert await stores.buttons.ids([*reversed(others), start]) == tuple(reversed(ids))
    assert [await stores.buttons.meaning(each) for each in ids] == [start, *others]
    assert await stores.buttons.meaning("made up") is None
    assert await stores.buttons.ids([]) == ()
