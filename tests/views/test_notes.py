"""Every kind of event has words; incidents carry the buttons that help."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.entries import Happened
from bot.domain.intents import Stage
from bot.domain.posts import Place, Post
from bot.domain.rollout import Countdown, Hold, State
from bot.domain.verdicts import Outcome
from bot.views.limits import faults
from bot.views.notes import WORDS, note, note_meanings, repeating


def post(kind, actor="U0ENGINEER", **facts):
    return Post("k", "gitguard-1", Place.THREAD, kind.value, "canary", actor, facts)


def told(world, kind, seen=None, actor="U0ENGINEER", **facts):
    seen = seen or world.snapshot()
    given = post(kind, actor, **facts)
    return note(given, seen, world.ids(note_meanings(given, seen)))


def text_of(world, message):
    return "\n".join(world.strings(message.blocks))


def test_every_kind_of_event_has_words():
    assert set(WORDS) == set(Happened)


@pytest.mark.parametrize("kind", list(Happened))
def test_every_note_is_a_full_sentence_within_the_limits(world, kind):
    message = told(world, kind, gate="error-rate", outcome="fail", reason="it broke", names="<@U0SEC1> for security")
    assert faults(message.blocks) == ()
    assert message.text.startswith("gitguard-1: ")
    assert "None" not in message.text


def test_a_failing_watch_gate_tells_reading_bound_samples_and_source(world):
    counting = Countdown("error-rate", world.now + timedelta(seconds=30))
    message = told(
        world,
        Happened.VERDICT_CHANGED,
        world.snapshot(countdown=counting),
        "clockwork",
        gate="error-rate",
        outcome="fail",
        before="pass",
        says="7%, not under 5%",
        samples=412,
        source="metrics (127.0.0.1:9090)",
    )
    shown = text_of(world, message)
    assert (
        "❌ `error-rate` of *canary*: fail, before: pass — 7%, not under 5% · 412 samples · metrics (127.0.0.1" in shown
    )
    assert {"Snooze 10 min", "Roll back…", "Hold…"} <= set(world.strings(message.blocks))


def test_a_recovered_gate_carries_no_danger(world):
    seen = world.snapshot()
    given = post(Happened.VERDICT_CHANGED, "clockwork", gate="error-rate", outcome="pass", before="fail", says="1%")
    assert note_meanings(given, seen) == ()


def test_a_failed_step_offers_retry_a_word_and_the_way_back(world):
    seen = world.snapshot(State.STARTING, hold=Hold("x", "clockwork", world.now, step="x"))
    message = told(world, Happened.STEP_FAILED, seen, "clockwork", step="Load", says="the service did not restart")
    labels = set(world.strings(message.blocks))
    assert {"Retry the step", "Roll back…"} <= labels
    assert any(label.startswith("Done by hand: ") for label in labels)


def test_a_rung_by_hand_offers_its_own_button_only(world):
    seen = world.snapshot(State.ROLLING_BACK)
    step = next(each for each in seen.intents if each.stage is Stage.BY_HAND)
    given = post(Happened.STEP_DONE, step=step.title, stage="by_hand", says="do it", intent=step.id, rung="replay")
    assert [(each.move, each.subject) for each in note_meanings(given, seen)] == [("by-hand", step.id)]
    assert "By hand (replay)" in note(given, seen, {}).text


def test_gates_read_now_are_grouped_the_failing_first_and_the_attested_apart(world):
    seen = world.snapshot()
    word = seen.copies[world.digest].phase.gate("looked-at")
    seen = replace(seen, board=seen.board.with_standing(world.standing(word, Outcome.PASS)))
    facts = {
        "gate-0": "pass|1%, under 5%|40|metrics",
        "gate-1": "fail|7%|not|under 5%|40|metrics",
        "gate-2": "error|no answer||codex",
        "looked-at": "error|awaits a person's word||devops: look",
    }
    shown = text_of(world, told(world, Happened.GATES_READ, seen, **facts))
    order = [
        shown.index(word) for word in ("`gate-1`", "`gate-2`", "`gate-0`", "attested, not measured", "`looked-at`")
    ]
    assert order == sorted(order)
    assert "• `gate-1` 7%|not|under 5% · 40 samples · metrics" in shown
    assert "*⚠️ error* (1 gate)" in shown


def test_a_hundred_gates_read_now_fit_and_the_failing_ones_stay(world):
    facts = {f"gate-{each}": f"pass|{'long words ' * 12}|40|metrics (127.0.0.1:9090)" for each in range(100)}
    facts["gate-99"] = "fail|7%, not under 5%|40|metrics"
    message = told(world, Happened.GATES_READ, world.snapshot(number=100), **facts)
    assert faults(message.blocks) == ()
    shown = text_of(world, message)
    assert "`gate-99` 7%, not under 5%" in shown
    assert "more is not shown here" in shown


@pytest.mark.parametrize("kind", [Happened.APPROVAL_GIVEN, Happened.PHASE_STARTED, Happened.PHASE_PROMOTED])
def test_a_decision_prints_the_short_digest(world, kind):
    assert "digest `0123456789ab`" in text_of(world, told(world, kind))


def test_the_ledgers_head_is_printed_when_the_post_has_it(world):
    assert "ledger `feedfeedfeed`" in text_of(world, told(world, Happened.PHASE_PROMOTED, head="feed" * 16))


def test_lapsed_approvals_name_the_people_that_the_rules_wrote(world):
    facts = {"names": "<@U0SEC1> for security, <!channel> for <@U0EVIL>"}
    shown = text_of(world, told(world, Happened.APPROVAL_LAPSED, **facts))
    assert "<@U0SEC1> for Security" in shown
    assert "<!channel>" not in shown
    assert "<@U0EVIL>" not in shown


def test_a_restart_says_what_was_done_and_what_is_not_known(world):
    facts = {"state": "starting", "held": "", "unknown": "Load (begun, its end is not known)"}
    message = told(world, Happened.BOT_RESTARTED, world.snapshot(State.STARTING), "clockwork", **facts)
    assert "canary is starting. Not known: Load (begun, its end is not known)." in message.text


def test_a_message_that_may_repeat_says_so(world):
    message = repeating(told(world, Happened.PHASE_HELD, reason="x"))
    assert message.text.endswith("(may repeat)")
    assert faults(message.blocks) == ()
