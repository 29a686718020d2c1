"""The request asks each guild once, says what will happen, and loses its buttons once it is decided."""

from dataclasses import replace

import pytest

from bot.domain.rollout import State
from bot.views.limits import faults
from bot.views.request import request, request_meanings
from sandbox.workspace.blockkit.blocks import check_message_blocks


def shown(world, message):
    return "\n".join(world.strings(message.blocks))


def drawn(world, seen, **given):
    return request(seen, "canary", world.ids(request_meanings(seen, "canary")), **given)


def test_it_asks_in_a_full_sentence_and_names_each_guild_once(world):
    message = drawn(world, world.snapshot(State.PROPOSED))
    text = shown(world, message)
    assert message.text == (
        "GitGuard: canary asks for approvals: 1 of DevOps, 1 of Security. The requester's own yes does not count."
    )
    assert text.count("@gitguard-devops") == 1
    assert text.count("<@U0SEC2>") == 1
    assert "<@U0ENGINEER> asks to start *canary* of GitGuard" in text
    assert faults(message.blocks) == ()
    assert check_message_blocks(list(message.blocks)) == []


def test_what_will_happen_takes_at_most_twelve_lines(world):
    lines = drawn(world, world.snapshot(State.PROPOSED, number=60)).blocks[1]["text"]["text"].splitlines()
    assert len(lines) <= 12
    whole = "\n".join(lines)
    for part in ("2 variables in `canary.env`", "3 steps: Load → Deploy → Look", "61 gates", "Soak: at least 1 d"):
        assert part in whole
    assert "Back: off → replay; cannot bring back: Pages stay" in whole
    assert "Digest `0123456789ab`" in whole


def test_a_known_user_group_is_notified(world):
    text = shown(world, drawn(world, world.snapshot(State.PROPOSED), mentions={"devops": "<!subteam^S0DEV>"}))
    assert text.count("<!subteam^S0DEV>") == 1
    assert "@gitguard-devops" not in text


def test_there_is_one_approve_button_for_each_guild_bound_to_the_digest(world):
    seen = world.snapshot(State.PROPOSED)
    asked = request_meanings(seen, "canary")
    assert [(each.move, each.subject, each.digest) for each in asked] == [
        ("approve", "devops", world.digest),
        ("approve", "security", world.digest),
        ("withdraw", "", world.digest),
        ("deny", "", world.digest),
    ]
    labels = [each["text"]["text"] for each in drawn(world, seen).blocks[-1]["elements"]]
    assert labels == ["Approve for DevOps", "Approve for Security", "Withdraw my approval", "Deny…"]


@pytest.mark.parametrize("state", [state for state in State if state is not State.PROPOSED])
def test_a_decided_request_shows_its_outcome_and_no_buttons(world, state):
    seen = world.snapshot(state)
    message = drawn(world, seen, digest=world.digest, attempt=1)
    assert request_meanings(seen, "canary", world.digest, 1) == ()
    assert all(block["type"] != "actions" for block in message.blocks)


def test_a_used_request_says_who_started_it_with_whose_yes(world):
    text = shown(world, drawn(world, world.snapshot(State.SOAKING), digest=world.digest, attempt=1))
    assert "used; started by <@U0RUNNER> with the yes of <@U0SEC1> for Security. It is soaking now." in text


def test_a_request_for_other_bytes_is_void(world):
    seen = world.snapshot(State.PROPOSED)
    assert request_meanings(seen, "canary", "f" * 64, 1) == ()
    text = shown(world, drawn(world, seen, digest="f" * 64, attempt=1))
    assert "approvals are void" in text
    assert "This request was for digest `ffffffffffff`" in text


def test_a_denied_request_says_the_reason(world):
    seen = world.snapshot(State.ABORTED, locked="denied: not on a Friday")
    assert "denied: not on a Friday" in drawn(world, seen, digest=world.digest, attempt=1).text


def test_a_closed_rollout_asks_nobody(world):
    seen = world.snapshot(State.PROPOSED)
    seen = replace(seen, rollout=replace(seen.rollout, closed_at=world.now))
    assert request_meanings(seen, "canary") == ()
