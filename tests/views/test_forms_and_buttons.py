"""Every move of people has a button; those that need words open a form that Slack takes."""

from dataclasses import replace
from itertools import product

import pytest

from bot.domain.rollout import TABLE, TRANSITIONS, Move, State
from bot.ports import Meaning
from bot.views.buttons import ACTION, BUTTONS, MOVE_BUTTONS, button, drawn, row
from bot.views.modals import MODALS, modal
from sandbox.workspace.blockkit.views import check_view


def meant(move, subject=""):
    return Meaning("gitguard-1", move, "canary", 1, "d", subject)


def test_exactly_the_moves_of_people_have_buttons():
    assert set(MOVE_BUTTONS) == {line.move.value for line in TRANSITIONS if not line.clockwork}


def test_dangerous_moves_are_red_and_nothing_else_is():
    red = {move for move, look in MOVE_BUTTONS.items() if look.style == "danger"}
    assert red == {line.move.value for line in TRANSITIONS if line.danger}


def test_moves_that_need_words_open_a_form_and_the_grave_ones_ask_first():
    assert {"deny", "waive", "attest", "hold", "rollback", "abort", "by-hand"} == MODALS
    assert {move for move, look in BUTTONS.items() if look.confirm} == {"start", "promote", "close"}
    assert all(TABLE[Move(move)] for move in MOVE_BUTTONS)


def test_a_button_carries_nothing_but_its_move_and_an_opaque_id():
    meaning = meant("approve", "Platform Security!")
    drawn_button = button("Approve", meaning, {meaning: "opaque"})
    assert drawn_button["value"] == "opaque"
    assert drawn_button["action_id"] == "rollout:approve:platform-security"
    assert ACTION.match(drawn_button["action_id"])["move"] == "approve"


@pytest.mark.parametrize("move", list(BUTTONS))
def test_every_button_is_matched_by_the_one_pattern(move):
    meaning = meant(move)
    assert ACTION.match(drawn(meaning, {meaning: "x"})["action_id"])["move"] == move


def test_buttons_without_an_id_are_left_out():
    assert row([meant("why")], {}) == []


@pytest.mark.parametrize(("move", "state", "number"), list(product(sorted(MODALS), State, (0, 3, 60))))
def test_every_form_is_one_that_slack_takes(world, move, state, number):
    seen = world.snapshot(state, number=number)
    form = modal(meant(move, seen.intents[3].id), "opaque", seen, world.now)
    assert check_view(form, "modal") == []
    assert form["callback_id"] == f"rollout:{move}"
    assert form["private_metadata"] == "opaque"


def inputs(form):
    return {block["block_id"]: block["element"]["type"] for block in form["blocks"] if block["type"] == "input"}


@pytest.mark.parametrize(
    ("move", "fields"),
    [
        ("deny", {"reason": "plain_text_input"}),
        ("hold", {"reason": "plain_text_input"}),
        ("abort", {"reason": "plain_text_input"}),
        ("rollback", {"reason": "plain_text_input"}),
        ("waive", {"gates": "static_select", "guild": "static_select", "reason": "plain_text_input"}),
        ("attest", {"gates": "checkboxes", "statement": "plain_text_input"}),
        ("by-hand", {"statement": "plain_text_input"}),
    ],
)
def test_forms_ask_for_their_fields_by_name(world, move, fields):
    seen = world.snapshot(State.STARTING)
    form = modal(meant(move, seen.intents[4].id), "opaque", seen, world.now)
    assert inputs(form) == fields
    assert all(
        block["element"]["action_id"] == block["block_id"] for block in form["blocks"] if block["type"] == "input"
    )


def test_the_form_of_a_rollback_says_what_cannot_be_brought_back(world):
    form = modal(meant("rollback"), "opaque", world.snapshot(), world.now)
    assert "cannot bring back: Pages stay" in "\n".join(world.strings(form["blocks"]))


def test_a_form_with_nothing_to_fill_in_cannot_be_sent(world):
    form = modal(meant("by-hand", "no-such-step"), "opaque", world.snapshot(), world.now)
    assert "submit" not in form


def test_more_gates_than_boxes_become_a_menu(world):
    seen = world.snapshot()
    copy = seen.copies[world.digest]
    word = copy.phase.gate("looked-at")
    words = tuple(replace(word, gate=f"word-{number}") for number in range(40))
    many = replace(seen, copies={world.digest: replace(copy, phase=replace(copy.phase, gates=words))})
    form = modal(meant("attest"), "opaque", many, world.now)
    assert inputs(form)["gates"] == "multi_static_select"
    assert check_view(form, "modal") == []


def test_the_gate_that_was_asked_for_is_chosen_already(world):
    form = modal(meant("waive", "looked-at"), "opaque", world.snapshot(), world.now)
    chosen = next(block["element"] for block in form["blocks"] if block.get("block_id") == "gates")
    assert chosen["initial_option"]["value"] == "looked-at"
