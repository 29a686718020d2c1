"""The card says what is true, offers what is open, and always fits."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from bot.domain.approvals import Approval
from bot.domain.rollout import Countdown, Hold, PhaseRun, State
from bot.domain.verdicts import Outcome
from bot.views.card import card, card_meanings
from bot.views.limits import faults
from sandbox.workspace.blockkit.blocks import check_message_blocks


def drawn(world, seen):
    return card(seen, world.now, world.ids(card_meanings(seen, world.now)))


def words(message):
    parts = []
    for block in message.blocks:
        if "text" in block:
            parts.append(block["text"]["text"])
        parts += [
            each["text"] if isinstance(each["text"], str) else each["text"]["text"]
            for each in block.get("elements", ())
        ]
    return "\n".join(parts)


def moves(world, seen):
    return [each.move for each in card_meanings(seen, world.now)]


@pytest.mark.parametrize(("state", "held", "number"), list(product(State, (False, True), (0, 3, 60))))
def test_every_state_held_or_not_fits_into_slacks_limits(world, state, held, number):
    seen = world.snapshot(state, held=held, number=number)
    message = drawn(world, seen)
    assert faults(message.blocks) == ()
    assert check_message_blocks(list(message.blocks)) == []
    assert message.text.endswith(".")
    assert state.words in words(message)
    assert ("held" in words(message)) == held


def test_a_soaking_card_tells_the_soak_the_gates_and_the_way_back(world):
    shown = words(drawn(world, world.snapshot()))
    assert "6 h of 1 d earned (25 %)" in shown
    assert "Gates: ✅ 1 pass · ❌ `gate-1` fail · ⚠️ `gate-2` error · 🔔 `looked-at` waits for somebody's word" in shown
    assert "Back: off → replay; cannot bring back: Pages stay" in shown
    assert "digest `0123456789ab`" in shown
    assert "Security 1 of 1 (<@U0SEC1>)" in shown
    assert "DevOps 0 of 1, 1 missing" in shown


def test_attested_gates_are_counted_apart_from_measured_ones(world):
    seen = world.snapshot()
    word = seen.copies[world.digest].phase.gate("looked-at")
    seen = replace(seen, board=seen.board.with_standing(world.standing(word, Outcome.PASS)))
    shown = words(drawn(world, seen))
    assert "✅ 1 pass · 📝 1 attested, not measured" in shown
    assert "attest" not in moves(world, seen)


def test_an_old_pass_is_no_pass(world):
    seen = world.snapshot(number=1)
    shown = words(card(seen, world.now + timedelta(hours=1), {}))
    assert "⌛ `gate-0` too old" in shown
    assert "1 pass" not in shown


def test_start_is_offered_only_when_every_guild_has_said_yes(world):
    seen = world.snapshot(State.PROPOSED)
    assert "start" not in moves(world, seen)
    assert "1 of DevOps missing" in words(drawn(world, seen))
    votes = (*seen.rollout.current.approvals, Approval("U0DEV", "Dan", "devops", world.now, world.digest))
    assert "start" in moves(world, world.snapshot(State.PROPOSED, approvals=votes))


def test_promote_is_offered_only_when_ready(world):
    offered = {state for state in State if "promote" in moves(world, world.snapshot(state))}
    assert offered == {State.READY}


def test_answers_to_a_request_stand_on_the_request_alone(world):
    for state in State:
        assert not {"approve", "withdraw", "deny", "propose"} & set(moves(world, world.snapshot(state)))


def test_a_failed_step_offers_retry_and_not_resume(world):
    held = world.snapshot(State.STARTING, hold=Hold("Load failed", "clockwork", world.now, step="x"))
    assert "retry" in moves(world, held)
    assert "resume" not in moves(world, held)
    plain = world.snapshot(State.STARTING, held=True)
    assert "retry" not in moves(world, plain)
    assert "resume" in moves(world, plain)


def test_snooze_is_offered_while_it_counts_down(world):
    counting = world.snapshot(countdown=Countdown("gate-1", world.now + timedelta(seconds=30)))
    assert "snooze" in moves(world, counting)
    assert "snooze" not in moves(world, world.snapshot())
    assert "Rolls back at" in words(drawn(world, counting))


def test_abort_is_gone_after_the_first_effect(world):
    seen = world.snapshot(State.STARTING)
    assert "abort" in moves(world, seen)
    tried = replace(seen, intents=tuple(replace(each, tries=1) for each in seen.intents))
    assert "abort" not in moves(world, tried)


def test_the_phase_that_comes_next_is_offered_as_a_preview(world):
    seen = world.snapshot(State.PENDING)
    previews = [each for each in card_meanings(seen, world.now) if each.move == "preview"]
    assert [(each.phase, each.subject) for each in previews] == [("canary", "gitguard")]
    assert "Preview canary" in words(drawn(world, seen))
    assert "preview" not in moves(world, world.snapshot(State.SOAKING))


def test_a_closed_rollout_has_no_buttons(world):
    seen = world.snapshot(State.PASSED)
    seen = replace(seen, rollout=replace(seen.rollout, closed_at=world.now))
    assert card_meanings(seen, world.now) == ()
    assert "closed" in drawn(world, seen).text


def test_a_button_is_bound_to_attempt_and_digest(world):
    bound = [each for each in card_meanings(world.snapshot(), world.now) if each.move == "rollback"]
    assert [(each.phase, each.attempt, each.digest) for each in bound] == [("canary", 1, world.digest)]


def test_only_the_newest_forward_phase_offers_to_roll_back(world):
    seen = world.snapshot(State.SOAKING)
    older = replace(
        seen.rollout, phases=(seen.rollout.phases[1], PhaseRun("later", State.PASSED, 1, applied_at=world.now))
    )
    assert older.current.phase == "canary"
    assert "rollback" not in moves(world, replace(seen, rollout=older))
    assert "rollback" in moves(world, seen)
