"""Previews and gate lists show everything that will be held against a phase, the unmeasured apart."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.domain.verdicts import Outcome, Waiver
from bot.views.gates import judged, standing_lines
from bot.views.limits import faults
from bot.views.previews import preview, preview_meanings
from sandbox.workspace.blockkit.blocks import check_message_blocks


def shown(world, message):
    return "\n".join(world.strings(message.blocks))


def previewed(world, refusal=None, number=3):
    copy = world.resolved("", number)
    flags = (("+", "A", "", "1"), ("~", "B", "0", "1"), ("-", "C", "x", ""))
    return SimpleNamespace(
        plan="gitguard", rollout="", resolved=copy, digest=world.digest, flags=flags, refusal=refusal, phase=copy.phase
    )


def test_a_preview_shows_flags_steps_gates_approvals_soak_and_the_way_back(world):
    seen = previewed(world)
    message = preview(seen, world.ids(preview_meanings(seen)))
    text = shown(world, message)
    for part in (
        "`+ A=1`",
        "`~ B=1 (was 0)`",
        "`- C (was x)`",
        "`compose up x`",
        "version `1.5.0` of codex",
        "at most 5%",
        "attested, not measured until drills",
        "1 of DevOps, 1 of Security",
        "Soak: at least 1 d, at most 2 d",
        "2 repositories: `one/a`, `one/b`",
        "Publishing off",
        "cannot bring back: Pages stay",
        "Digest `0123456789ab`",
        "Tell people — devops, 1 d",
        "Propose canary",
    ):
        assert part in text
    assert faults(message.blocks) == ()
    assert check_message_blocks(list(message.blocks)) == []


def test_a_preview_that_cannot_be_proposed_offers_what_would_help(world):
    seen = previewed(world, Refusal("order", "canary comes after staging.", "Carry it.", ("preview", "staging")))
    assert [(each.move, each.phase, each.subject) for each in preview_meanings(seen)] == [
        ("preview", "staging", "gitguard")
    ]
    text = shown(world, preview(seen, world.ids(preview_meanings(seen))))
    assert "*It cannot be proposed now.* canary comes after staging. Carry it." in text
    assert "Preview staging" in text
    assert "Propose" not in text


def test_a_proposal_is_bound_to_the_digest_that_was_shown(world):
    (meaning,) = preview_meanings(previewed(world))
    assert (meaning.move, meaning.phase, meaning.digest, meaning.subject) == (
        "propose",
        "canary",
        world.digest,
        "gitguard",
    )


@pytest.mark.parametrize("number", [0, 60, 150])
def test_previews_of_many_gates_fit_and_keep_the_way_back(world, number):
    seen = previewed(world, number=number)
    message = preview(seen, world.ids(preview_meanings(seen)))
    assert faults(message.blocks) == ()
    assert "Back: off → replay" in shown(world, message)
    assert message.blocks[-1]["type"] == "actions"


def test_standing_gates_are_listed_worst_first_with_reading_age_life_and_source(world):
    seen = world.snapshot()
    message = standing_lines(seen, seen.rollout.current, world.now)
    text = shown(world, message)
    order = [text.index(name) for name in ("`gate-1`", "`gate-2`", "`looked-at`", "`gate-0`")]
    assert order == sorted(order)
    assert "`gate-0` pass — 1%, at most 5% · 40 samples · 1 min old, stands for 4 min more · codex (h:1)" in text
    assert faults(message.blocks) == ()


def test_a_waiver_is_shown_beside_the_verdict_and_never_in_its_place(world):
    waiver = Waiver("looked-at", "U0WAIVER", "devops", "known", world.now, world.now + timedelta(hours=1))
    seen = world.snapshot(waivers=(waiver,))
    word = seen.copies[world.digest].phase.gate("looked-at")
    seen = replace(seen, board=seen.board.with_standing(world.standing(word, Outcome.FAIL)))
    text = shown(world, standing_lines(seen, seen.rollout.current, world.now))
    assert "`looked-at` waived — 1%, at most 5%" in text
    assert "waived by <@U0WAIVER> for DevOps until <!date^" in text


def test_old_verdicts_are_said_to_be_too_old(world):
    seen = world.snapshot(number=1)
    text = shown(world, standing_lines(seen, seen.rollout.current, world.now + timedelta(hours=1)))
    assert "`gate-0` too old" in text
    assert "no longer stands" in text


def test_sixty_standing_gates_fit(world):
    seen = world.snapshot(number=60)
    assert faults(standing_lines(seen, seen.rollout.current, world.now).blocks) == ()


def test_a_phase_that_was_never_proposed_shows_its_gates_by_the_plan(world):
    seen = world.snapshot(State.PENDING)
    assert "`gate-0` not read yet — at most 5%" in shown(world, standing_lines(seen, seen.rollout.current, world.now))


def test_gates_read_without_a_rollout_say_that_nothing_is_recorded(world):
    copy = world.resolved()
    read = [SimpleNamespace(gate=gate, verdict=world.standing(gate, Outcome.PASS).verdict) for gate in copy.phase.gates]
    message = judged(copy.phase, read)
    text = shown(world, message)
    assert "nothing is recorded" in text
    assert message.text == "canary: 3 of 3 measured gates pass."
    assert "*📝 attested, not measured* (1 gate)" in text
