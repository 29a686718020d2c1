"""The announcer says everything once and in order, whatever Slack answers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.announcer import Gone, NotSent, Paced, Refused, Shut
from bot.domain.entries import Happened
from bot.domain.posts import Place, Post
from bot.domain.rollout import State
from bot.ports import Beat, Unreachable
from bot.rehearsal.pulse import RehearsalPulse, Stopped


async def test_the_card_comes_first_is_pinned_and_carries_the_thread(world):
    world.card()
    world.request()
    world.note("a")
    await world.settle()
    card, request, note = world.channel.said
    assert [each.key for each in world.channel.said] == ["card/gitguard-1", "request", "a"]
    assert world.channel.pinned == [card.ts]
    assert (request.thread, note.thread) == (None, card.ts)
    assert card.message.blocks
    assert request.message.text.startswith("GitGuard: canary asks for approvals")


async def test_a_changed_card_is_edited_in_place_and_pinned_once(world):
    world.card()
    await world.settle()
    world.rollouts.seen = world.snapshot(State.SOAKING)
    world.card()
    await world.settle()
    assert len(world.channel.said) == 1
    assert "canary is soaking" in world.channel.said[0].message.text
    assert len(world.channel.pinned) == 1


async def test_about_one_message_a_second_leaves_after_a_small_burst(world):
    for number in range(8):
        world.note(f"n{number}", Place.CHANNEL)
    await world.settle(seconds=0)
    took = world.channel.said[-1].at - world.channel.said[0].at
    assert timedelta(seconds=4.5) <= took <= timedelta(seconds=5.5)
    assert world.channel.keys == [f"n{number}" for number in range(8)]


async def test_a_pause_that_slack_asks_for_is_kept_and_the_order_with_it(world):
    world.channel.trouble("post", Paced(7))
    world.note("a", Place.CHANNEL)
    world.note("b", Place.CHANNEL)
    assert await world.announcer.send_waiting() == 0
    world.clock.advance(timedelta(seconds=6))
    assert await world.announcer.send_waiting() == 0
    assert world.channel.calls == [("post", "a")]
    world.clock.advance(timedelta(seconds=1))
    assert await world.announcer.send_waiting() == 2
    assert world.channel.keys == ["a", "b"]


async def test_a_paused_channel_does_not_hold_up_another(world):
    world.channel.trouble("post", Paced(60))
    world.note("a", Place.CHANNEL)
    await world.announcer.send_waiting()
    world.outbox.put((replace(world.outbox.posts[0], key="other"),), "#other")
    await world.announcer.send_waiting()
    assert world.channel.keys == ["other"]


async def test_a_message_that_came_through_without_an_answer_is_adopted(world):
    world.channel.trouble("post", Unreachable("timeout"), delivers=True)
    world.card()
    world.note("a")
    await world.settle()
    assert world.channel.keys == ["card/gitguard-1", "a"]
    assert world.channel.pinned == ["1.0"]
    assert await world.outbox.card_ts("gitguard-1") == "1.0"


async def test_a_message_that_is_absent_twice_ten_seconds_apart_is_posted_again(world):
    world.channel.trouble("post", Unreachable("timeout"))
    world.note("a", Place.CHANNEL)
    began = world.clock.real()
    await world.settle()
    assert world.channel.calls == [("post", "a"), ("look", "a"), ("look", "a"), ("post", "a")]
    assert world.channel.said[0].at - began >= timedelta(seconds=10)
    assert "may repeat" not in world.channel.said[0].message.text


async def test_a_message_found_only_at_the_second_look_is_adopted(world):
    world.channel.trouble("post", Unreachable("timeout"), delivers=True)
    world.note("a", Place.CHANNEL)
    await world.announcer.send_waiting()
    late, world.channel.said = world.channel.said, []
    await world.announcer.send_waiting()
    world.channel.said = late
    await world.settle()
    assert [call for call, _ in world.channel.calls] == ["post", "look", "look"]
    assert world.outbox.state("a")[0] == "sent"


async def test_an_unreadable_history_leads_to_a_message_that_says_it_may_repeat(world):
    world.channel.trouble("post", Unreachable("timeout"), delivers=True)
    world.channel.trouble("look", Refused("missing_scope"))
    world.channel.trouble("look", Refused("missing_scope"))
    world.note("a", Place.CHANNEL)
    await world.settle()
    assert world.channel.keys == ["a", "a"]
    assert world.channel.said[1].message.text.endswith("(may repeat)")


async def test_what_is_said_after_a_restart_does_not_wait_for_an_uncertain_message(world):
    world.card()
    await world.settle()
    world.channel.trouble("post", Unreachable("timeout"))
    world.note("a", Place.CHANNEL)
    await world.announcer.send_waiting()
    world.note("b", Place.CHANNEL)
    world.note("restarted", kind=Happened.BOT_RESTARTED, state="soaking")
    world.fresh()
    await world.announcer.send_waiting()
    assert world.channel.keys == ["card/gitguard-1", "restarted"]
    await world.settle()
    assert world.channel.keys == ["card/gitguard-1", "restarted", "a", "b"]


async def test_a_refused_message_is_kept_with_its_reason_out_of_the_way(world):
    world.channel.trouble("post", Refused("invalid_blocks"))
    world.note("a", Place.CHANNEL)
    world.note("b", Place.CHANNEL)
    await world.settle()
    assert world.channel.keys == ["b"]
    assert world.outbox.state("a") == ("refused", "invalid_blocks")


@pytest.mark.parametrize("why", ["not_in_channel", "is_archived", "invalid_auth"])
async def test_what_a_person_has_to_put_right_loses_no_message_and_no_order(world, why):
    for _ in range(5):
        world.channel.trouble("post", Shut(why), delivers=False)
    world.card()
    world.note("a")
    world.note("b", Place.CHANNEL)
    await world.settle(seconds=5, rounds=5)
    assert world.channel.keys == []
    await world.settle(seconds=31)
    assert world.channel.keys == ["card/gitguard-1", "a", "b"]


async def test_one_channels_backlog_keeps_no_other_channel_waiting(world):
    world.put(*(Post(f"many-{n}", "gitguard-1", Place.CHANNEL, Happened.PHASE_RESUMED.value) for n in range(15)))
    await world.announcer.send_waiting()
    began = world.clock.real()
    one = Post("one", "gitguard-1", Place.CHANNEL, Happened.PHASE_RESUMED.value)
    world.put(one, channel="#elsewhere")
    while "one" not in world.channel.keys:
        await world.announcer.send_waiting()
    assert world.clock.real() - began <= timedelta(seconds=2)
    await world.settle()
    assert len(world.channel.keys) == 16


async def test_without_a_card_there_is_no_thread_and_nothing_blocks(world):
    world.channel.trouble("post", Refused("not_in_channel"))
    world.card()
    world.note("a")
    await world.settle()
    assert world.outbox.state("a") == ("refused", "its card is not there")
    world.card()
    world.note("b")
    await world.settle()
    assert world.channel.keys == ["card/gitguard-1", "b"]


async def test_what_never_reached_slack_is_sent_again_without_a_look(world):
    world.channel.trouble("post", NotSent("no connection"))
    world.note("a", Place.CHANNEL)
    await world.settle()
    assert world.channel.calls == [("post", "a"), ("post", "a")]
    assert world.channel.keys == ["a"]


async def test_a_deleted_card_is_posted_anew_and_pinned(world):
    world.card()
    world.note("a")
    await world.settle()
    world.channel.said.clear()
    world.card()
    world.note("b")
    await world.settle()
    card, note = world.channel.said
    assert [card.key, note.key] == ["card/gitguard-1", "b"]
    assert note.thread == card.ts
    assert world.channel.pinned[-1] == card.ts


async def test_a_note_to_a_deleted_thread_brings_the_card_back_first(world):
    world.card()
    await world.settle()
    world.channel.said.clear()
    world.note("a")
    await world.settle()
    card, note = world.channel.said
    assert (card.key, note.key, note.thread) == ("card/gitguard-1", "a", card.ts)


async def test_a_thread_that_slack_denies_although_the_card_is_there_is_given_up(world):
    world.card()
    await world.settle()
    world.channel.trouble("post", Gone("thread_not_found"))
    world.note("a")
    await world.settle(rounds=5)
    assert world.outbox.state("a") == ("refused", "thread_not_found")


async def test_a_new_card_whose_answer_is_lost_is_not_posted_twice(world):
    world.card()
    await world.settle()
    world.channel.said.clear()
    world.channel.trouble("post", Unreachable("timeout"), delivers=True)
    world.card()
    await world.settle()
    assert world.channel.keys == ["card/gitguard-1"]
    assert await world.outbox.card_ts("gitguard-1") == world.channel.said[0].ts


async def test_a_pin_that_fails_does_not_post_the_card_again(world):
    world.channel.trouble("pin", Paced(5))
    world.card()
    await world.settle()
    assert world.channel.keys == ["card/gitguard-1"]
    assert world.outbox.state("card/gitguard-1")[0] == "sent"


async def test_a_decided_request_loses_its_buttons_when_the_card_is_drawn(world):
    world.card()
    world.request()
    await world.settle()
    request = world.channel.said[1]
    assert any(block["type"] == "actions" for block in request.message.blocks)
    world.rollouts.seen = world.snapshot(State.SOAKING, started_by="U0RUNNER")
    world.card()
    await world.settle()
    assert not any(block["type"] == "actions" for block in request.message.blocks)
    assert "used; started by <@U0RUNNER>" in request.message.text


async def test_a_request_that_could_not_be_drawn_again_is_drawn_later(world):
    world.card()
    world.request()
    await world.settle()
    world.rollouts.seen = world.snapshot(State.SOAKING)
    world.card()
    world.channel.troubles["update"] = [(None, True), (Paced(5), False)]
    await world.announcer.send_waiting()
    request = world.channel.said[1]
    calls = list(world.channel.calls)
    await world.announcer.send_waiting()
    assert world.channel.calls == calls, "nothing is asked of Slack during the pause"
    assert any(block["type"] == "actions" for block in request.message.blocks)
    world.clock.advance(timedelta(seconds=6))
    await world.announcer.send_waiting()
    assert not any(block["type"] == "actions" for block in request.message.blocks)


async def test_an_unchanged_request_is_left_alone(world):
    world.card()
    world.request()
    await world.settle()
    world.card()
    await world.settle()
    assert [call for call in world.channel.calls if call[0] == "update"] == [("update", "1.0")]


async def test_a_guild_is_notified_by_its_mark_and_only_once(world):
    async def mark(guild):
        return f"<!subteam^S0{guild.usergroup.replace('-', '').upper()}>"

    world.fresh(mentions=mark)
    world.request()
    await world.settle()
    message = world.channel.said[0].message
    assert repr(message).count("<!subteam^S0GGDEVOPS>") == 1


async def test_unknown_marks_leave_the_plain_handle(world):
    async def mark(guild):
        raise Unreachable("usergroups.list")

    world.fresh(mentions=mark)
    world.request()
    await world.settle()
    assert "@gg-devops" in repr(world.channel.said[0].message)


async def test_a_post_of_an_unknown_rollout_or_topic_is_put_aside(world):
    world.note("a", Place.CHANNEL)
    world.outbox.put((replace(world.outbox.posts[0], key="b", rollout="nobody-1"),), "#c")
    world.outbox.put((replace(world.outbox.posts[0], key="c", topic="Nonsense"),), "#c")
    await world.settle()
    assert world.channel.keys == ["a"]
    assert world.outbox.state("b")[0] == world.outbox.state("c")[0] == "refused"


@pytest.mark.parametrize("beat", [Beat.POST_FOUND, Beat.POST_TRYING, Beat.POST_SENT, Beat.POST_RECORDED])
@pytest.mark.parametrize("place", list(Place))
async def test_a_crash_at_any_beat_neither_loses_nor_doubles_a_message(world, beat, place):
    if place is not Place.CARD:
        world.card()
        await world.settle()
        world.note("a", place)
    else:
        world.card()
    world.fresh(RehearsalPulse(stop_on=beat))
    with pytest.raises(Stopped):
        await world.announcer.send_waiting()
    world.fresh()
    await world.settle()
    key = "card/gitguard-1" if place is Place.CARD else "a"
    assert world.channel.keys.count(key) == 1
    assert world.outbox.state(key)[0] == "sent"
    assert world.channel.pinned
