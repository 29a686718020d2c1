"""When something is in the way: the answer is honest, and a bug holds the rollout."""

import asyncio
from typing import Any

import pytest

from bot.domain.rollout import State
from bot.ports import Busy, LostLease, Uncertain
from commands import door
from tests.commands.conftest import DEVOPS, ENGINEER, STRANGER, House, buttons_of, read


@pytest.mark.parametrize("trouble", [Busy("locked"), LostLease("another")])
async def test_a_busy_store_recorded_nothing_and_says_so(house: House, trouble: Busy | LostLease) -> None:
    await house.proposed()
    house.rollouts.troubles.append(trouble)
    assert await house.says("approve", DEVOPS) == f"{door.BUSY.text} ()"
    assert (await house.run("staging")).approvals == ()
    assert "approved" in await house.says("approve", DEVOPS)


async def test_a_store_that_cannot_say_whether_it_recorded_is_not_called_busy(house: House) -> None:
    await house.proposed()
    house.rollouts.troubles.append(Uncertain("the connection broke"))
    assert await house.says("approve", DEVOPS) == f"{door.UNCERTAIN.text} ()"


async def test_a_promotion_is_told_as_recorded_although_its_preview_failed(house: House) -> None:
    await house.ready()
    known = house.buttons.ids

    async def ids(_meanings: Any) -> Any:
        raise Busy("locked")

    house.buttons.ids = ids  # type: ignore[method-assign, assignment]
    answer = await house.type("promote")
    house.buttons.ids = known  # type: ignore[method-assign]
    assert "Recorded: sample-1, staging is promoted." in read(answer)
    assert buttons_of(answer) == {}
    assert (await house.run("staging")).state is State.PASSED


async def test_a_refusal_comes_without_its_button_when_none_can_be_written(house: House) -> None:
    async def ids(_meanings: Any) -> Any:
        raise Busy("locked")

    house.buttons.ids = ids  # type: ignore[method-assign, assignment]
    answer = await house.type("start canary")
    assert "canary comes after staging" in read(answer)
    assert buttons_of(answer) == {}


async def test_a_silent_directory_lets_nobody_act(house: House) -> None:
    await house.proposed()
    house.directory.silent = True
    answer = await house.says("approve", DEVOPS)
    assert "Nothing was recorded" in answer
    assert (await house.run("staging")).approvals == ()


async def test_a_bug_is_told_with_a_code_and_holds_the_rollout(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.soaking()

    def broken(*_given: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.views.answers.why", broken)
    assert await house.says("why", STRANGER) == f"{door.BROKEN.text} ()"
    held = (await house.run("staging")).hold
    assert held
    assert held.by == "clockwork"
    assert "rollout-bug" in held.reason


async def test_a_bug_without_a_rollout_holds_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.views.answers.plans", broken)
    assert await house.says("plans") == f"{door.BROKEN.text} ()"
    assert await house.rollouts.live() == ()


async def test_what_takes_too_long_before_anything_began_was_not_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.guarded, "__defaults__", (0.01,))

    async def never(*_given: Any) -> Any:
        await asyncio.Event().wait()

    house.directory.person = never  # type: ignore[method-assign, assignment]
    assert await house.says("start staging") == f"{door.LATE.text} ()"


async def test_what_takes_too_long_after_it_began_is_not_called_unrecorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.proposed()
    monkeypatch.setattr(door.guarded, "__defaults__", (0.01,))

    async def never(*_given: Any) -> Any:
        await asyncio.Event().wait()

    house.rollouts.change = never  # type: ignore[method-assign, assignment]
    assert await house.says("abort wrong week", ENGINEER) == f"{door.UNCERTAIN.text} ()"


async def test_a_reading_that_was_asked_for_is_not_called_unrecorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.soaking()
    monkeypatch.setattr(door.guarded, "__defaults__", (0.01,))

    async def never(*_given: Any) -> Any:
        await asyncio.Event().wait()

    house.timers.add = never  # type: ignore[method-assign, assignment]
    assert await house.says("gates run") == f"{door.UNCERTAIN.text} ()"
