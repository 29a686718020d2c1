"""The home tab within Slack's limits, whatever waits, and harmless, whatever was written."""

from dataclasses import replace

import pytest

from bot.domain.people import Kind, Person
from bot.domain.posts import Place, Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.domain.subscriptions import Kind as Wish
from bot.domain.subscriptions import named
from bot.ports import Meaning
from bot.views.answers import refusal
from bot.views.home import PAGES, Seen, Tab, empty_home, home, home_meanings, of_page, told_form
from bot.views.limits import HOME_BLOCKS, HOME_SIZE, faults
from bot.views.message import Message
from bot.views.request import request
from bot.views.subscriptions import directly, subscribed, subscription_form

EVERYWHERE = frozenset({"devops", "security"})
OMAR = Person("U0OMAR", "omar", EVERYWHERE)


def tab(world, seen, number=1, person=OMAR, **fields):
    named_anew = (replace(seen, rollout=replace(seen.rollout, name=f"gitguard-{each}")) for each in range(number))
    return Tab(tuple(Seen(each, person) for each in named_anew), world.now, **fields)


def drawn(world, shown):
    view = home(shown, world.ids(home_meanings(shown)))
    assert view["type"] == "home"
    assert faults(view["blocks"], HOME_BLOCKS, HOME_SIZE) == ()
    return view


def text_of(world, view):
    return "\n".join(world.strings(view["blocks"]))


def presses(view):
    for block in view["blocks"]:
        for each in (*block.get("elements", ()), block.get("accessory", {})):
            if each.get("type") == "button":
                yield each


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("held", [False, True])
def test_every_state_fits_and_every_button_has_an_id(world, state, held):
    shown = tab(world, world.snapshot(state, held=held))
    view = drawn(world, shown)
    known = set(world.ids(home_meanings(shown)).values())
    assert {each["value"] for each in presses(view)} <= known
    assert "Waits for you" in text_of(world, view)


def test_three_hundred_waiting_things_are_paged_and_counted_and_none_is_lost(world):
    seen = world.snapshot(State.PROPOSED, approvals=())
    shown = tab(world, seen, 300)
    waits = len(shown.waits)
    assert waits >= 300
    pages = -(-waits // PAGES["waiting"])
    for page in (0, 1, pages // 2, pages - 1):
        view = drawn(world, replace(shown, pages={"waiting": page}))
        assert f"{waits} things · page {page + 1} of {pages}" in text_of(world, view)
    turned = (of_page(replace(shown, pages={"waiting": page}), "waiting", shown.waits) for page in range(pages))
    assert [wait for page in turned for wait in page] == list(shown.waits)


def test_three_hundred_gates_tasks_and_phases_of_one_rollout_stay_within_the_limits(world):
    seen = world.snapshot(State.SOAKING, number=300)
    view = drawn(world, tab(world, seen))
    assert len(view["blocks"]) <= HOME_BLOCKS


def test_each_part_turns_its_own_pages_and_a_page_that_is_gone_is_the_last(world):
    seen = world.snapshot(State.SOAKING)
    shown = tab(world, seen, 20, pages={"active": 1, "next": 99})
    view = drawn(world, shown)
    words = text_of(world, view)
    assert "20 rollouts · page 2 of 3" in words
    assert "20 rollouts · page 3 of 3" in words
    turns = {each.subject for each in home_meanings(shown) if each.move == "page"}
    assert {"active/0", "active/2", "next/1"} <= turns
    assert not any(each.startswith("next/3") for each in turns)


def test_a_page_turning_button_names_no_person_and_no_rollout(world):
    shown = tab(world, world.snapshot(State.SOAKING), 20)
    turns = [each for each in home_meanings(shown) if each.move == "page"]
    assert turns
    assert all((each.rollout, each.phase, each.digest) == ("", "", "") for each in turns)


@pytest.mark.parametrize("state", list(State))
def test_a_hostile_plan_is_harmless_at_home(world, state):
    shown = tab(world, world.snapshot(state, held=True, text=world.evil), notice="said")
    words = text_of(world, drawn(world, shown))
    for mark in ("<!channel>", "<@U0EVIL>", "<https://", "\u202e", "\n• fake line"):
        assert mark not in words


def test_five_thousand_letters_in_every_text_still_fit(world):
    view = drawn(world, tab(world, world.snapshot(State.STARTING, held=True, text=" very long" * 500), 30))
    assert len(view["blocks"]) <= HOME_BLOCKS


@pytest.mark.parametrize("kind", [Kind.GUEST, Kind.BOT, Kind.FOREIGN])
def test_nothing_waits_for_whoever_is_no_full_member(world, kind):
    person = Person("U0X", "x", EVERYWHERE, kind)
    for state in State:
        assert tab(world, world.snapshot(state), person=person).waits == ()


def test_nothing_waits_for_a_member_of_no_guild(world):
    for state in State:
        assert tab(world, world.snapshot(state), person=Person("U0X", "x")).waits == ()


def test_an_expired_request_waits_for_nobody(world):
    seen = world.snapshot(State.PROPOSED, approvals=(), expires_at=world.now)
    assert not [wait for wait in tab(world, seen).waits if wait.buttons[0][0].move == "approve"]


def test_without_ids_there_are_no_buttons(world):
    view = home(tab(world, world.snapshot(State.PROPOSED)), {})
    assert list(presses(view)) == []
    assert faults(view["blocks"], HOME_BLOCKS, HOME_SIZE) == ()


def test_an_empty_home_says_why(world):
    view = empty_home(f"There is nothing here for you. {world.evil}")
    assert faults(view["blocks"], HOME_BLOCKS) == ()
    assert "<!channel>" not in text_of(world, view)


def test_a_told_form_keeps_the_words_and_drops_the_buttons(world):
    meaning = Meaning("gitguard-1", "preview", "staging", subject="gitguard")
    answer = refusal(Refusal("order", "canary comes after staging.", "", ("preview", "staging")), {meaning: "b1"})
    assert any(block["type"] == "actions" for block in answer.blocks)
    form = told_form(answer)
    assert [block["type"] for block in form["blocks"] if block["type"] not in {"section", "context"}] == []
    assert "canary comes after staging." in text_of(world, form)
    assert told_form(Message("Busy; try <again>."))["blocks"][0]["text"]["text"] == "Busy; try &lt;again&gt;."


def test_a_direct_message_keeps_within_a_messages_limits_and_says_why_it_came(world):
    seen = world.snapshot(State.PROPOSED, text=" very long" * 300)
    post = Post("k", "gitguard-1", Place.DIRECT, "request", "canary", facts={"because": "approvals"}, to="U0OMAR")
    message = directly(request(seen, "canary", {}), post, seen.plan)
    assert faults(message.blocks) == ()
    shown = "\n".join(world.strings(message.blocks))
    assert "you subscribed to `approvals`" in shown
    assert "#gitguard-rollout" in shown


def test_the_form_offers_every_kind_within_a_boxs_limits():
    form = subscription_form("b1", ["trouble"])
    element = form["blocks"][1]["element"]
    assert [each["value"] for each in element["options"]] == [kind.value for kind in Wish]
    assert all(len(each["text"]["text"]) <= 75 for each in element["options"])
    assert len(element["options"]) <= 10
    assert [each["value"] for each in element["initial_options"]] == ["trouble"]
    assert "initial_options" not in subscription_form("b1", [])["blocks"][1]["element"]
    assert "told of nothing" in subscribed([]).text


def test_kinds_are_read_strictly():
    assert named(("approvals,", "Phases")) == {Wish.APPROVALS, Wish.PHASES}
    assert named(("all",)) == set(Wish)
    assert named(("none",)) == frozenset()
    assert isinstance(named(("none", "phases")), Refusal)
    assert isinstance(named(("<!channel>",)), Refusal)
