"""What people type, from the first preview to the end."""

from typing import Any

import pytest

from bot.domain.rollout import State
from tests.commands.conftest import (
    BOTH,
    DEVOPS,
    ELSEWHERE,
    ENGINEER,
    GUEST,
    ROOM,
    SECURITY,
    STRANGER,
    House,
    buttons_of,
    read,
)


async def test_a_canary_before_its_staging_is_refused_with_a_button_to_preview_staging(house: House) -> None:
    answer = await house.type("start canary")
    assert "canary comes after staging" in read(answer)
    (button,) = buttons_of(answer).values()
    preview = await house.press_id(button)
    assert "Preview of" in read(preview)
    assert "Propose staging" in buttons_of(preview)
    assert await house.rollouts.live() == ()


async def test_start_proposes_and_the_approved_phase_runs_only_on_the_second_start(house: House) -> None:
    await house.proposed()
    assert (await house.run("staging")).state is State.PROPOSED
    assert "Approvals are missing" in await house.says("start staging")
    assert "approved" in await house.says("approve", DEVOPS)
    assert "approved" in await house.says("approve staging platform-security", SECURITY)
    assert (await house.run("staging")).state is State.PROPOSED
    assert "Recorded: sample-1, staging is started." in await house.says("start")
    assert (await house.run("staging")).state is State.SOAKING


async def test_promote_passes_the_phase_and_previews_the_next_one(house: House) -> None:
    await house.ready()
    answer = await house.type("promote")
    assert read(answer).startswith("Recorded: sample-1, staging is promoted.")
    assert "Propose canary" in buttons_of(answer)
    assert (await house.run("staging")).state is State.PASSED
    assert (await house.run("canary")).state is State.PENDING
    assert "canary is proposed" in await house.says("start")


async def test_a_member_of_two_guilds_must_choose_and_is_offered_both(house: House) -> None:
    await house.proposed()
    answer = await house.type("approve", BOTH)
    offered = buttons_of(answer)
    assert sorted(offered) == ["Approve for DevOps", "Approve for Security"]
    assert (await house.run("staging")).approvals == ()
    assert await house.press_id(offered["Approve for Security"], BOTH) is None
    (vote,) = (await house.run("staging")).approvals
    assert (vote.person, vote.guild) == (BOTH, "platform-security")
    assert "one person is one voice" in read(await house.press_id(offered["Approve for DevOps"], BOTH))


async def test_the_requester_cannot_approve_and_says_so(house: House) -> None:
    await house.proposed()
    assert "your own yes does not count" in await house.says("approve", ENGINEER)


async def test_an_approval_reads_the_guilds_anew(house: House) -> None:
    await house.proposed()
    before = house.forgot
    await house.says("status", DEVOPS)
    assert house.forgot == before
    await house.says("approve", DEVOPS)
    assert house.forgot == before + 1


async def test_an_approval_can_be_withdrawn(house: House) -> None:
    await house.proposed()
    await house.says("approve", DEVOPS)
    assert "Recorded" in await house.says("withdraw", DEVOPS)
    assert (await house.run("staging")).approvals == ()
    assert "no approval" in await house.says("withdraw", DEVOPS)


async def test_a_denial_takes_its_reason_from_the_words_or_from_the_form(house: House) -> None:
    await house.proposed()
    assert await house.type("deny", SECURITY) is None
    (view,) = house.hands.views
    assert view["callback_id"] == "rollout:deny"
    assert "denied" in await house.says("deny staging because the certificate ends", SECURITY)
    assert (await house.run("staging")).locked == "denied: the certificate ends"


async def test_without_a_trigger_the_reason_must_be_typed(house: House) -> None:
    await house.proposed()
    answer = await house.type("deny", SECURITY, trigger="")
    assert "deny staging because" in read(answer)
    assert house.hands.views == []


async def test_a_form_that_came_too_late_is_told(house: House) -> None:
    from bot.domain.refusals import Refusal

    await house.proposed()
    house.hands.late = Refusal("late", "Slack's time for opening the form was over.", "Press it again.")
    assert "time for opening" in await house.says("deny", SECURITY)


async def test_anybody_holds_with_a_reason_and_only_the_runners_resume(house: House) -> None:
    await house.soaking()
    assert "staging is held" in await house.says("hold the graphs look odd", STRANGER)
    held = (await house.run("staging")).hold
    assert held
    assert (held.reason, held.by) == ("the graphs look odd", STRANGER)
    assert "Only members of devops" in await house.says("resume", STRANGER)
    assert "resumed" in await house.says("resume", ENGINEER)


async def test_hold_needs_no_guild_list(house: House) -> None:
    await house.soaking()
    asked: list[Any] = []
    known = house.directory.person

    async def person(user: str, guilds: Any) -> Any:
        asked.append(dict(guilds))
        return await known(user, guilds)

    house.directory.person = person  # type: ignore[method-assign]
    await house.says("hold something is off", STRANGER)
    assert asked == [{}, {}]


async def test_a_slip_in_the_phase_is_not_taken_for_a_reason(house: House) -> None:
    await house.soaking()
    answer = await house.says("rollback stagign it is down")
    assert "did you mean" in answer
    assert "staging" in answer
    assert (await house.run("staging")).state is State.SOAKING


async def test_rollback_goes_back_by_any_guild_of_the_phase(house: House) -> None:
    await house.soaking()
    assert "sent back" in await house.says("rollback staging error rate", SECURITY)
    assert (await house.run("staging")).state is State.ROLLING_BACK


async def test_abort_ends_a_proposal_and_close_ends_the_rollout(house: House) -> None:
    await house.proposed()
    assert "aborted" in await house.says("abort wrong week")
    assert "Recorded: sample-1 is closed." in await house.says("close")
    assert await house.rollouts.live() == ()
    assert "No rollout of Sample brain" in await house.says("hold it is over")


async def test_gates_show_and_read_without_a_rollout(house: House) -> None:
    assert "health" in await house.says("gates canary", STRANGER)
    assert "Reading 3 gates of canary; the answer comes in this channel." in await house.says("gates run canary")
    ((channel, _, message),) = house.hands.said
    assert channel == "C0ROLLOUT"
    assert "canary" in message.text
    assert "did you mean" in (await house.says("gates run cnary")).lower()


async def test_gates_of_an_attempt_are_read_by_a_timer(house: House) -> None:
    await house.soaking()
    assert "the answer comes in the rollout" in await house.says("gates run", STRANGER)
    assert house.hands.said == []
    assert [timer.subject for timer in house.timers.all if timer.kind == "read-now"] == [STRANGER]


async def test_a_reading_that_cannot_be_resolved_is_whispered(house: House) -> None:
    house.shelf.broken["canary"] = "BRAIN_URL is not set."
    await house.says("gates run canary", STRANGER)
    ((_, _, person, message),) = house.hands.whispered
    assert person == STRANGER
    assert "BRAIN_URL" in message.text


async def test_waive_names_gate_and_reason_and_only_what_is_waivable(house: House) -> None:
    await house.soaking()
    assert "given a waiver" in await house.says("waive latency because the link is slow", SECURITY)
    (waiver,) = (await house.run("staging")).waivers
    assert (waiver.gate, waiver.guild, waiver.reason) == ("latency", "platform-security", "the link is slow")
    assert "must pass" in await house.says("waive health because I say so", SECURITY)
    assert "You asked for this phase" in await house.says("waive latency because I say so", ENGINEER)
    both = await house.says("waive latency because of the link", BOTH)
    assert "Say for which" in both
    assert "given a waiver" in await house.says("waive staging latency devops because of the link", BOTH)


async def test_an_unknown_verb_names_the_nearest(house: House) -> None:
    answer = await house.says("promte")
    assert "There is no verb 'promte'." in answer
    assert "promote" in answer


async def test_no_words_are_help_for_this_person_now(house: House) -> None:
    await house.proposed()
    (engineers, strangers) = (await house.type(""), await house.type("help", STRANGER))

    def parts(answer: Any) -> tuple[str, str]:
        can, _, cannot = read(answer).partition("Not now")
        return can, cannot

    can, cannot = parts(engineers)
    assert "/rollout start" in can
    assert "/rollout promote" in cannot
    can, cannot = parts(strangers)
    assert "/rollout hold" in can
    assert "/rollout start" in cannot
    assert "/rollout approve" in cannot


async def test_reading_verbs_answer_everybody(house: House) -> None:
    await house.soaking()
    for verb in ("status", "why", "next", "flags", "gates", "plans", "help"):
        answer = await house.says(verb, STRANGER)
        assert "🚫" not in answer, verb
        assert "rollout-bug" not in answer, verb
        assert answer, verb


@pytest.mark.parametrize("text", ["", "status", "nonsense", "gates nonsense", "preview other"])
@pytest.mark.parametrize("channel", [ROOM, ELSEWHERE])
async def test_outsiders_learn_nothing(two_plans: House, text: str, channel: str) -> None:
    answer = await two_plans.says(text, GUEST, channel=channel)
    assert "Guests, bots and people of another workspace cannot use this bot." in answer
    assert "sample" not in answer


async def test_a_channel_without_a_plan_names_those_that_have_one(house: House) -> None:
    answer = await house.says("status", channel=ELSEWHERE)
    assert "#rollout-room" in answer
    assert "Sample brain" in await house.says("plans", channel=ELSEWHERE)


async def test_where_two_plans_live_the_name_is_compulsory(two_plans: House) -> None:
    answer = await two_plans.says("start staging")
    assert "sample, other" in answer
    assert "other-1, staging is proposed" in await two_plans.says("start other staging")
    assert [seen.rollout.name for seen in await two_plans.rollouts.live()] == ["other-1"]
    assert "staging" in await two_plans.says("status other-1")
    assert "There is no rollout 'other-7'" in await two_plans.says("status other-7")


async def test_the_name_of_a_channel_is_asked_for_once(house: House) -> None:
    await house.says("plans")
    await house.says("help")
    assert house.asked_names == ["C0ROLLOUT"]


async def test_a_code_is_explained_and_a_misspelt_one_finds_its_neighbour(house: House) -> None:
    assert "three seconds" in await house.says("explain late", STRANGER)
    assert "approval-own" in await house.says("explain", STRANGER)
    assert "Did you mean unknown-phase" in await house.says("explain unknown-phas", STRANGER)
