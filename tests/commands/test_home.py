"""The home tab: what waits for whom, answered there, kept true, and empty for those who may see nothing."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.ports import Busy, Meaning, Unreachable
from bot.views.limits import HOME_BLOCKS, HOME_SIZE, faults
from bot.views.text import short
from commands.desk import Ask
from commands.door import guarded
from commands.home import EVERY, MOST, answered
from commands.pressing import pressed
from commands.verbs import PRESSES
from tests.commands.conftest import (
    BOTH,
    DEVOPS,
    ENGINEER,
    FOREIGN,
    GUEST,
    ROBOT,
    SECURITY,
    STRANGER,
    House,
    read,
    sample_plan,
)


def shown(house: House, person: str) -> Any:
    view: Any = house.tabs.shown[person][-1]
    assert view["type"] == "home"
    assert faults(view["blocks"], HOME_BLOCKS, HOME_SIZE) == ()
    return view


def words(house: House, person: str) -> str:
    return "\n".join(texts(shown(house, person)))


def texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for value in node.values() for text in texts(value)]
    return [text for each in node for text in texts(each)] if isinstance(node, list | tuple) else []


def buttons(house: House, person: str) -> dict[str, str]:
    """The labels of the tab's buttons with the id of the first that is called so."""
    blocks = shown(house, person)["blocks"]
    drawn = [each for block in blocks for each in (*block.get("elements", ()), block.get("accessory", {}))]
    return {each["text"]["text"]: each["value"] for each in reversed(drawn) if each.get("type") == "button"}


async def press(house: House, label: str, by: str) -> str:
    """Press a button in one's tab, as the door serves it."""
    house.tabs.seconds += 1
    ask = Ask(by, "", trigger="t1", home=True)
    button = next(value for text, value in buttons(house, by).items() if text.startswith(label))
    answer = await guarded(house.desk, ask, lambda: pressed(house.desk, ask, PRESSES, button))
    if answer:
        await answered(house.desk, ask, answer)
    await house.homes.acted(by)
    return answer.text if answer else ""


async def open_tab(house: House, person: str) -> str:
    house.tabs.seconds += EVERY
    await house.homes.opened(person)
    return words(house, person)


async def test_before_anything_has_begun_it_says_so(house: House) -> None:
    text = await open_tab(house, DEVOPS)
    assert "Nothing waits for you now." in text
    assert "No rollout is under way in your channels." in text
    assert "Direct messages…" in buttons(house, DEVOPS)


async def test_an_approval_is_given_in_the_tab_and_gone_from_it(house: House) -> None:
    await house.proposed()
    text = await open_tab(house, DEVOPS)
    assert "1 thing" in text
    assert "asks for the yes of DevOps" in text
    assert "<!date^" in text
    assert short((await house.run("staging")).digest) in text
    assert await press(house, "Approve for DevOps", DEVOPS) == ""
    assert [each.person for each in (await house.run("staging")).approvals] == [DEVOPS]
    assert "Nothing waits for you now." in words(house, DEVOPS)
    assert "Approve for DevOps" not in buttons(house, DEVOPS)


async def test_the_button_of_the_tab_is_the_button_of_the_request(house: House) -> None:
    await house.proposed()
    await open_tab(house, SECURITY)
    meaning = await house.buttons.meaning(buttons(house, SECURITY)["Approve for Security"])
    assert meaning == await house.meaning("approve", subject="platform-security")


async def test_only_who_may_answer_is_asked(house: House) -> None:
    await house.proposed()
    assert "asks for the yes" not in await open_tab(house, ENGINEER)  # who asked
    assert "asks for the yes" not in await open_tab(house, STRANGER)
    text = await open_tab(house, BOTH)
    assert "the yes of DevOps or Security" in text
    assert {"Approve for DevOps", "Approve for Security"} <= buttons(house, BOTH).keys()


@pytest.mark.parametrize("person", [GUEST, FOREIGN, ROBOT, "U0NOBODY"])
async def test_whoever_is_no_full_member_sees_an_empty_tab_that_says_so(house: House, person: str) -> None:
    await house.soaking()
    text = await open_tab(house, person)
    assert "There is nothing here for you." in text
    assert "staging" not in text
    assert "Sample" not in text
    assert buttons(house, person) == {}


async def test_who_is_not_in_the_rollouts_channel_sees_nothing_of_it(house: House) -> None:
    await house.soaking()
    house.tabs.rooms[SECURITY] = frozenset({"C0OTHER", "#other"})
    text = await open_tab(house, SECURITY)
    assert "no plan lives in a channel that you are in" in text
    assert "staging" not in text


async def test_one_of_two_channels_shows_its_own_rollouts_only() -> None:
    house = House(sample_plan(), replace(sample_plan("other", "#general"), title="Other brain"))
    await house.says("start staging")
    await house.says("start staging", channel="C0GENERAL")
    assert len(await house.rollouts.live()) == 2
    house.tabs.rooms[DEVOPS] = frozenset({"#general"})
    text = await open_tab(house, DEVOPS)
    assert "Other brain" in text
    assert "Sample brain" not in text


async def test_a_word_a_task_and_a_promotion_wait_for_those_who_may_give_them(house: House) -> None:
    await house.soaking()
    text = await open_tab(house, SECURITY)
    assert "waits for your word: `review`" in text
    assert "task: Tell the teams" in text
    assert {"Attest…", "Done", "Why?"} <= buttons(house, SECURITY).keys()
    assert "waits for your word" not in await open_tab(house, DEVOPS)
    await press(house, "Attest", SECURITY)
    assert [view["callback_id"] for view in house.hands.views] == ["rollout:attest"]
    await press(house, "Done", SECURITY)
    assert (await house.run("staging")).tasks_done == ("tell-them",)
    assert "task:" not in words(house, SECURITY)


async def test_what_is_ready_waits_for_those_who_run_it(house: House) -> None:
    await house.ready()
    assert (await house.run("staging")).state is State.READY
    assert "it can be promoted" in await open_tab(house, DEVOPS)
    assert "it can be promoted" not in await open_tab(house, SECURITY)
    await press(house, "Promote", DEVOPS)
    assert (await house.run("staging")).state is State.PASSED
    text = words(house, DEVOPS)
    assert "Sample brain · canary* — comes next" in text
    assert "Preview canary" in buttons(house, DEVOPS)


async def test_a_start_waits_for_somebody_whose_yes_it_does_not_need(house: House) -> None:
    await house.approved()
    assert "it can be started" in await open_tab(house, ENGINEER)
    assert "it can be started" not in await open_tab(house, DEVOPS)  # whose yes it needs


async def test_a_refusal_is_told_in_a_form_and_above_the_tab_when_that_is_too_late(house: House) -> None:
    await house.proposed()
    await open_tab(house, DEVOPS)
    stale = buttons(house, DEVOPS)["Approve for DevOps"]
    assert "denied" in await house.says("deny because it is Friday", SECURITY)
    ask = Ask(DEVOPS, "", trigger="t1", home=True)
    answer = await guarded(house.desk, ask, lambda: pressed(house.desk, ask, PRESSES, stale))
    assert answer
    await answered(house.desk, ask, answer)
    form = house.hands.views[-1]
    assert form["type"] == "modal"
    assert any("denied" in text for text in texts(form))
    assert not [block for block in form["blocks"] if block["type"] == "actions"]

    house.hands.late = Refusal("late", "Slack's time for opening the form was over.")
    house.tabs.seconds += EVERY
    await answered(house.desk, ask, answer)
    assert "denied" in words(house, DEVOPS)


async def test_the_request_is_shown_in_a_form_without_buttons(house: House) -> None:
    await house.proposed()
    await open_tab(house, SECURITY)
    await press(house, "See the request", SECURITY)
    form = house.hands.views[-1]
    assert any("needed are 1 of DevOps, 1 of Security" in text for text in texts(form))


async def test_a_tab_is_drawn_again_when_something_changed_and_only_then(house: House) -> None:
    await house.proposed()
    await open_tab(house, DEVOPS)
    assert await house.homes.refresh() == 0
    house.homes.stir()
    house.tabs.seconds += EVERY
    assert await house.homes.refresh() == 0  # the same as before
    await house.says("approve", SECURITY)
    house.homes.stir()
    house.tabs.seconds += EVERY
    assert await house.homes.refresh() == 1
    assert "Security 1 of 1" in words(house, DEVOPS)


async def test_a_tab_is_drawn_at_most_every_few_seconds(house: House) -> None:
    await open_tab(house, DEVOPS)
    for number in range(20):
        await house.says(f"start staging {number}")
        await house.says("abort because again")
        house.homes.stir()
        house.tabs.seconds += 0.1
        await house.homes.refresh()
    assert len(house.tabs.shown[DEVOPS]) == 1
    house.tabs.seconds += EVERY
    assert await house.homes.refresh() == 1


async def test_a_pause_that_slack_asks_for_is_kept_and_then_made_good(house: House) -> None:
    await house.proposed()
    house.tabs.pauses = [20.0]
    house.tabs.seconds += EVERY
    await house.homes.opened(DEVOPS)
    assert DEVOPS not in house.tabs.shown
    house.tabs.seconds += 19
    assert await house.homes.refresh() == 0
    house.tabs.seconds += 2
    assert await house.homes.refresh() == 1
    assert "asks for the yes" in words(house, DEVOPS)


async def test_nobody_gets_a_tab_that_they_did_not_open_and_few_are_kept(house: House) -> None:
    await house.proposed()
    house.homes.stir()
    assert await house.homes.refresh() == 0
    assert house.tabs.shown == {}
    for number in range(MOST + 5):
        await house.homes.opened(f"U0P{number}")
    house.tabs.seconds += EVERY
    house.homes.stir()
    drawn = 0
    while more := await house.homes.refresh():
        drawn += more
    assert drawn == 0  # all of them are empty, and stay so
    assert len(house.tabs.shown) == MOST + 5
    assert len(house.homes._tabs) == MOST


async def test_when_slack_or_the_store_cannot_answer_the_tab_says_so(house: House, monkeypatch: Any) -> None:
    async def unreachable(person: str) -> frozenset[str]:
        raise Unreachable("Slack does not answer")

    house.homes.addressees = replace(house.addressees, rooms_of=unreachable)
    await house.proposed()
    assert "Slack cannot say who is who now" in await open_tab(house, DEVOPS)
    house.homes.addressees = house.addressees
    house.tabs.seconds += EVERY
    assert await house.homes.refresh() == 1  # by itself, as soon as it can be known
    assert "asks for the yes" in words(house, DEVOPS)
    house.homes.addressees = replace(house.addressees, rooms_of=unreachable)
    house.homes.stir()
    house.tabs.seconds += EVERY
    assert await house.homes.refresh() == 0  # what stands there is not worse than nothing
    assert "asks for the yes" in words(house, DEVOPS)

    async def busy(*_: object) -> tuple[object, ...]:
        raise Busy("busy")

    house.homes.addressees = house.addressees
    monkeypatch.setattr(house.rollouts, "live", busy)
    assert "Busy" in await open_tab(house, SECURITY)


async def test_pages_are_turned_by_the_one_who_presses(house: House) -> None:
    plans = [replace(sample_plan(f"plan{number:02}"), title=f"Brain {number:02}") for number in range(23)]
    many = House(*plans)
    for plan in plans:
        assert "proposed" in await many.says(f"start {plan.name} staging")
    text = await open_tab(many, DEVOPS)
    assert "23 things · page 1 of 3" in text
    assert "23 rollouts · page 1 of 3" in text
    assert "Brain 00 · staging" in text
    assert not any(label.startswith("‹") for label in buttons(many, DEVOPS))
    await open_tab(many, BOTH)
    await press(many, "Page 2 ›", DEVOPS)
    page = next(each for each in words(many, DEVOPS).split("\n") if each.startswith("23 things"))
    assert page == "23 things · page 2 of 3"
    assert "‹ Page 1" in buttons(many, DEVOPS)
    assert "Brain 10 · staging" in words(many, DEVOPS)
    assert "46 things · page 1 of 5" in words(many, BOTH)
    many.tabs.seconds += EVERY
    await open_tab(many, DEVOPS)  # from the first page again
    assert "23 things · page 1 of 3" in words(many, DEVOPS)


async def test_however_often_a_tab_is_opened_it_is_drawn_no_oftener(house: House) -> None:
    await house.proposed()
    for _ in range(100):
        house.tabs.seconds += 0.001
        await house.homes.opened(DEVOPS)
    assert len(house.tabs.shown[DEVOPS]) == 1


async def test_a_bug_in_what_is_about_no_rollout_holds_none(house: House, monkeypatch: Any) -> None:
    await house.proposed()
    await open_tab(house, DEVOPS)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.homes, "turn", broken)
    assert "rollout-bug" in read(await house.press(Meaning("", "page", subject="waiting/1"), DEVOPS))
    monkeypatch.setattr(house.subscribers, "put", broken)
    assert "rollout-bug" in await house.says("subscribe all", DEVOPS)
    assert (await house.run("staging")).hold is None
