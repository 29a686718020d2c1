"""What people press and send: done once, and every other press is answered."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.intents import Stage
from bot.domain.rollout import State
from bot.ports import Change, Meaning
from bot.views.modals import MODALS
from commands import pressing
from commands.typed import plain
from tests.commands.conftest import DEVOPS, ENGINEER, SECURITY, STRANGER, House, buttons_of, read


async def test_an_approval_by_button_needs_no_word_since_the_card_shows_it(house: House) -> None:
    await house.proposed()
    assert await house.press(await house.meaning("approve", subject="platform-security"), SECURITY) is None
    (vote,) = (await house.run("staging")).approvals
    assert vote.guild == "platform-security"


async def test_the_same_press_twice_is_one_approval_and_the_second_is_answered(house: House) -> None:
    await house.proposed()
    meaning = await house.meaning("approve", subject="devops")
    assert await house.press(meaning, DEVOPS) is None
    assert "already approved" in read(await house.press(meaning, DEVOPS))
    assert len((await house.run("staging")).approvals) == 1


async def test_a_press_for_a_guild_one_is_not_in_says_who_may(house: House) -> None:
    await house.proposed()
    meaning = await house.meaning("approve", subject="devops")
    assert "Only members of devops" in read(await house.press(meaning, SECURITY))
    assert "Only members of devops or platform-security" in read(await house.press(meaning, STRANGER))


async def test_a_late_press_says_who_was_quicker_and_when(house: House) -> None:
    await house.ready()
    meaning = await house.meaning("promote")
    assert "promoted" in read(await house.press(meaning, DEVOPS))
    house.clock.advance(timedelta(seconds=12))
    answer = read(await house.press(meaning, ENGINEER))
    assert f"Already promoted 12 s ago by <@{DEVOPS}>." in answer


async def test_a_press_on_a_request_that_changed_since_records_nothing(house: House) -> None:
    await house.proposed()
    meaning = await house.meaning("approve", subject="devops")
    old = Meaning(meaning.rollout, meaning.move, meaning.phase, meaning.attempt, "other bytes", meaning.subject)
    assert "changed since" in read(await house.press(old, DEVOPS))
    assert (await house.run("staging")).approvals == ()


async def test_a_press_on_an_earlier_attempt_says_what_happened_since(house: House) -> None:
    await house.proposed()
    meaning = await house.meaning("approve", subject="devops")
    await house.says("deny staging because of the certificate", SECURITY)
    await house.says("start staging")
    answer = read(await house.press(meaning, DEVOPS))
    assert "changed since" in answer
    assert "Meanwhile staging was proposed" in answer
    assert (await house.run("staging")).approvals == ()


async def test_an_unknown_button_is_from_another_time(house: House) -> None:
    assert "from another time" in read(await house.press_id("nobody-made-this"))
    gone = Meaning("sample-9", "hold", "staging")
    assert "from another time" in read(await house.press(gone))


async def test_a_proposal_of_an_old_preview_never_starts_what_is_proposed_since(house: House) -> None:
    preview = await house.type("preview staging")
    button = buttons_of(preview)["Propose staging"]
    assert await house.press_id(button) is None
    await house.read_gates()
    await house.says("approve", DEVOPS)
    await house.says("approve", SECURITY)
    answer = read(await house.press_id(button))
    assert "Already proposed" in answer
    assert (await house.run("staging")).state is State.PROPOSED


async def test_a_preview_that_is_out_of_date_proposes_nothing(house: House) -> None:
    button = buttons_of(await house.type("preview staging"))["Propose staging"]
    house.shelf.files["staging.env"] = "CODEX_ENABLED=false"
    answer = await house.press_id(button)
    assert "changed since the preview" in read(answer)
    assert "Preview staging" in buttons_of(answer)
    assert await house.rollouts.live() == ()


async def test_start_by_button_runs_what_was_approved(house: House) -> None:
    await house.approved()
    assert await house.press(await house.meaning("start")) is None
    assert (await house.run("staging")).state is State.SOAKING


async def test_a_start_that_finds_other_bytes_is_told_although_something_was_recorded(house: House) -> None:
    await house.approved()
    meaning = await house.meaning("start")
    house.shelf.files["staging.env"] = "CODEX_ENABLED=false"
    assert "every yes is void" in read(await house.press(meaning))
    run = await house.run("staging")
    assert (run.state, run.approvals) == (State.PROPOSED, ())


async def test_a_start_after_somebody_left_the_guild_is_told(house: House) -> None:
    await house.approved()
    house.directory.people[SECURITY] = replace(house.directory.people[SECURITY], guilds=frozenset())
    assert "no longer in that guild" in read(await house.press(await house.meaning("start")))
    assert (await house.run("staging")).state is State.PROPOSED


@pytest.mark.parametrize("move", ["deny", "hold", "abort", "rollback", "attest", "waive"])
async def test_a_form_is_opened_and_nothing_else_done(house: House, move: str) -> None:
    await (house.proposed() if move in {"deny", "abort"} else house.soaking())
    before = await house.seen()
    by = {"deny": SECURITY, "attest": SECURITY, "waive": SECURITY}.get(move, ENGINEER)
    assert await house.press(await house.meaning(move), by) is None
    (view,) = house.hands.views
    assert view["callback_id"] == f"rollout:{move}"
    button = await house.buttons.meaning(view["private_metadata"])
    assert button == await house.meaning(move)
    assert await house.seen() == before


def test_every_form_has_its_test() -> None:
    assert set(MODALS) == {"deny", "hold", "abort", "rollback", "attest", "waive", "by-hand"}


@pytest.mark.parametrize(
    ("move", "by", "state"),
    [("deny", SECURITY, State.ABORTED), ("abort", ENGINEER, State.ABORTED), ("hold", STRANGER, State.PROPOSED)],
)
async def test_a_form_that_is_sent_is_done_by_the_one_who_sent_it(
    house: House, move: str, by: str, state: State
) -> None:
    await house.proposed()
    assert await house.send(await house.meaning(move), {"reason": ("it is the wrong week",)}, by) is None
    run = await house.run("staging")
    assert run.state is state
    assert "it is the wrong week" in (run.hold.reason if run.hold else run.locked)


async def test_a_form_without_its_reason_is_refused(house: House) -> None:
    await house.proposed()
    assert "needs a reason" in read(await house.send(await house.meaning("deny"), {"reason": ("   ",)}, SECURITY))
    assert (await house.run("staging")).state is State.PROPOSED


async def test_a_form_of_somebody_without_the_right_is_refused_when_it_is_sent(house: House) -> None:
    await house.soaking()
    answer = await house.send(await house.meaning("rollback"), {"reason": ("because",)}, STRANGER)
    assert "Only members of devops or platform-security" in read(answer)
    assert (await house.run("staging")).state is State.SOAKING


async def test_an_attestation_names_its_gates_and_its_statement(house: House) -> None:
    await house.soaking()
    form = {"gates": ("review",), "statement": ("The dashboard is calm.",)}
    assert "Only members of platform-security" in read(await house.send(await house.meaning("attest"), form, DEVOPS))
    assert await house.send(await house.meaning("attest"), form, SECURITY) is None
    seen = await house.seen()
    standing = seen.board.standing(await house.run("staging"), "review")
    assert standing
    assert standing.verdict.attested_by == SECURITY


async def test_a_waiver_by_form_speaks_for_the_chosen_guild(house: House) -> None:
    await house.soaking()
    form: Any = {"gates": ("latency",), "guild": ("devops",), "reason": ("the link is slow",)}
    meaning = await house.meaning("waive")
    assert "Only members of devops can waive for devops" in read(await house.send(meaning, form, SECURITY))
    assert await house.send(meaning, form | {"guild": ("platform-security",)}, SECURITY) is None
    (waiver,) = (await house.run("staging")).waivers
    assert waiver.guild == "platform-security"


async def test_a_form_opens_although_slack_is_slow_to_say_who_it_is_and_is_asked_when_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.proposed()
    monkeypatch.setattr(pressing, "OPENS_WITHIN", 0.01)
    known = house.directory.person

    async def never(*_given: Any) -> Any:
        await asyncio.Event().wait()

    house.directory.person = never  # type: ignore[method-assign, assignment]
    meaning = await house.meaning("deny")
    assert await house.press(meaning, STRANGER) is None
    assert len(house.hands.views) == 1
    house.directory.person = known  # type: ignore[method-assign]
    assert "Only members of" in read(await house.send(meaning, {"reason": ("no",)}, STRANGER))


async def test_who_was_quicker_is_named_in_a_form_where_no_mention_is_drawn(house: House) -> None:
    await house.proposed()
    meaning = await house.meaning("deny")
    await house.send(meaning, {"reason": ("not now",)}, SECURITY)
    answer = await house.send(meaning, {"reason": ("not now",)}, DEVOPS)
    assert answer
    assert "Already denied 0 s ago by @security." in plain(answer.text)


async def test_a_step_that_waits_for_a_word_goes_on_by_hand(house: House) -> None:
    await house.soaking()
    await house.says("rollback staging error rate")
    intent = (await house.seen()).intents[-1]
    waiting = replace(intent, stage=Stage.BY_HAND)
    await house.rollouts.change("sample-1", lambda seen: Change(seen.rollout, intents=(waiting,)))
    step = await house.meaning("by-hand", subject=intent.id)
    assert await house.press(step, SECURITY) is None
    assert house.hands.views[-1]["callback_id"] == "rollout:by-hand"
    assert "Say what you did" in read(await house.send(step, {"statement": (" ",)}, SECURITY))
    assert await house.send(step, {"statement": ("The switch is off.",)}, SECURITY) is None
    assert (await house.seen()).intents[-1].stage is Stage.DONE


async def test_a_step_by_hand_and_a_task_are_ticked_off_by_those_who_may(house: House) -> None:
    await house.soaking()
    done = await house.meaning("done", subject="tell-them")
    assert "Only members of platform-security" in read(await house.press(done, DEVOPS))
    assert await house.press(done, SECURITY) is None
    assert (await house.run("staging")).tasks_done == ("tell-them",)
    await house.says("rollback staging error rate")
    intent = (await house.seen()).intents[-1]
    step = await house.meaning("by-hand", subject=intent.id)
    assert "does not wait" in read(await house.send(step, {"statement": ("Off.",)}, SECURITY))


async def test_what_only_shows_is_shown_to_the_one_who_pressed(house: House) -> None:
    await house.soaking()
    assert "health" in read(await house.press(await house.meaning("gates"), STRANGER))
    assert "staging" in read(await house.press(await house.meaning("why"), STRANGER))
