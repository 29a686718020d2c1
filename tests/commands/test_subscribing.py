"""Who subscribes is told directly, once, of what the kinds cover; and nobody else is."""

from collections.abc import Iterable
from typing import Any

import pytest

from bot.domain.posts import Place, Post
from bot.domain.subscriptions import Kind
from bot.ports import Meaning
from bot.rehearsal.subscriptions import RehearsalSubscriptions
from bot.views.message import Message
from bot.workflows.telling import Subscribers
from tests.commands.conftest import BOTH, DEVOPS, ENGINEER, GUEST, SECURITY, STRANGER, House, read


def direct(house: House, person: str = "") -> list[Post]:
    return [post for post in house.outbox.posts if post.place is Place.DIRECT and person in {"", post.to}]


def topics(posts: Iterable[Post]) -> list[str]:
    return [post.topic for post in posts]


async def test_kinds_are_typed_and_answered(house: House) -> None:
    answer = await house.says("subscribe approvals trouble", SECURITY)
    assert "`approvals` — my guilds are asked" in answer
    assert "`trouble`" in answer
    assert "`phases`" not in answer
    assert await house.subscribers.of(SECURITY) == {"approvals", "trouble"}
    assert "told of nothing" in await house.says("subscribe none", SECURITY)
    assert await house.subscribers.of(SECURITY) == frozenset()
    await house.says("subscribe all", SECURITY)
    assert await house.subscribers.of(SECURITY) == set(Kind)


async def test_an_unknown_kind_is_refused_with_those_there_are(house: House) -> None:
    answer = await house.says("subscribe freezes", SECURITY)
    assert "'freezes' is nothing to subscribe to" in answer
    assert "approvals, phases, trouble, mine, all, none" in answer
    assert await house.subscribers.of(SECURITY) == frozenset()


async def test_alone_it_opens_a_form_with_what_stands_and_keeps_what_is_sent(house: House) -> None:
    await house.says("subscribe phases", SECURITY)
    assert await house.type("subscribe", SECURITY) is None
    form: Any = house.hands.views[-1]
    element = form["blocks"][1]["element"]
    assert [each["value"] for each in element["options"]] == ["approvals", "phases", "trouble", "mine"]
    assert [each["value"] for each in element["initial_options"]] == ["phases"]
    assert await house.buttons.meaning(form["private_metadata"]) == Meaning("", "subscribe")
    assert await house.send(Meaning("", "subscribe"), {"kinds": ("mine", "approvals")}, SECURITY) is None
    assert await house.subscribers.of(SECURITY) == {"mine", "approvals"}
    assert await house.send(Meaning("", "subscribe"), {"kinds": ()}, SECURITY) is None
    assert await house.subscribers.of(SECURITY) == frozenset()


async def test_a_mention_brings_no_form_so_it_says_what_stands(house: House) -> None:
    answer = await house.type("subscribe", SECURITY, trigger="")
    assert isinstance(answer, Message)
    assert "told of nothing directly" in read(answer)
    assert house.hands.views == []


async def test_a_guest_can_neither_subscribe_nor_open_the_form(house: House) -> None:
    assert "Guests" in await house.says("subscribe all", GUEST)
    assert "Guests" in read(await house.send(Meaning("", "subscribe"), {"kinds": ("mine",)}, GUEST))
    assert await house.subscribers.of(GUEST) == frozenset()
    assert house.hands.views == []


async def test_without_a_subscription_nobody_is_told_directly(house: House) -> None:
    await house.ready()
    assert direct(house) == []


async def test_each_kind_brings_what_it_covers_and_nothing_else(house: House) -> None:
    await house.says("subscribe approvals", SECURITY)
    await house.says("subscribe phases", BOTH)
    await house.says("subscribe trouble", STRANGER)
    await house.ready()
    await house.says("hold because it looks odd", DEVOPS)
    assert topics(direct(house, SECURITY)) == ["request"]
    assert topics(direct(house, BOTH)) == ["PhaseStarted", "PhaseReady"]
    assert topics(direct(house, STRANGER)) == ["PhaseHeld"]
    assert {post.facts["because"] for post in direct(house, BOTH)} == {"phases"}


async def test_who_runs_a_rollout_is_told_of_everything_but_what_they_did_themselves(house: House) -> None:
    await house.says("subscribe mine", ENGINEER)
    await house.says("subscribe mine", STRANGER)
    await house.approved()
    await house.says("start")
    told = direct(house, ENGINEER)
    assert topics(told).count("ApprovalGiven") == 2
    assert "PhaseStarted" not in topics(told)
    assert direct(house, STRANGER) == []


async def test_many_kinds_that_cover_one_thing_bring_it_once(house: House) -> None:
    await house.says("subscribe all", DEVOPS)
    await house.says("subscribe all", ENGINEER)
    await house.ready()
    for person in (DEVOPS, ENGINEER):
        keys = [post.key for post in direct(house, person)]
        assert keys
        assert len(keys) == len(set(keys))
        ready = [post for post in direct(house, person) if post.topic == "PhaseReady"]
        assert len(ready) == 1


async def test_the_message_is_written_with_the_change_and_names_its_person(house: House) -> None:
    await house.says("subscribe approvals", SECURITY)
    await house.proposed()
    (post,) = direct(house)
    assert (post.to, post.topic, post.facts["because"]) == (SECURITY, "request", "approvals")
    channel = next(each for each in house.outbox.posts if each.topic == "request" and each.place is Place.CHANNEL)
    assert post.key == f"{channel.key}/to/{SECURITY}"


async def test_the_end_of_a_subscription_holds_for_the_next_change(house: House) -> None:
    await house.says("subscribe approvals", SECURITY)
    await house.proposed()
    await house.says("subscribe none", SECURITY)
    await house.says("abort because I was wrong")
    await house.proposed()
    assert len(direct(house)) == 1


class Slow(RehearsalSubscriptions):
    """A store that is written while it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Any = None

    async def people(self, kind: str) -> tuple[str, ...]:
        found = await super().people(kind)
        if self.meanwhile and kind == Kind.MINE:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return found


async def test_who_subscribes_while_others_are_read_is_not_forgotten() -> None:
    kept = Slow()
    subscribers = Subscribers(kept)
    kept.meanwhile = lambda: subscribers.put(DEVOPS, ["phases"])
    assert await subscribers.everybody() == {}
    assert await subscribers.everybody() == {DEVOPS: frozenset({"phases"})}


@pytest.mark.parametrize("by", [DEVOPS, SECURITY])
async def test_a_press_in_a_direct_conversation_is_answered_there(house: House, by: str) -> None:
    await house.proposed()
    guild = "devops" if by == DEVOPS else "platform-security"
    (button,) = await house.buttons.ids((await house.meaning("approve", subject=guild),))
    answer = await house.press_id(button, by, channel="D0PERSON")
    assert "Recorded: sample-1, staging is approved." in read(answer)
