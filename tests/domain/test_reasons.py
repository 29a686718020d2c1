"""Reasons: why a phase does not move on, and who moves it next, true in every state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.approvals import Approval
from bot.domain.board import Board, Soaked, Standing
from bot.domain.gates import Gate, When
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.plan import Approvals, Due, Guild, Phase, Plan, ResolvedPhase, Soak
from bot.domain.probes import AttestProbe, HttpProbe, Later
from bot.domain.quantities import Quantity, Span
from bot.domain.reasons import next_moves, next_phase, why
from bot.domain.rollout import Countdown, Hold, PhaseRun, Rollout, State
from bot.domain.standing import Stand, length, stand
from bot.domain.steps import ByHandStep
from bot.domain.verdicts import Outcome, Reading, Verdict, Waiver

NOW = datetime(2025, 9, 1, 12, tzinfo=UTC)
MEASURED = Gate(
    probe=HttpProbe("http", "codex", "/health"),
    gate="health",
    title="Health",
    at_most=Quantity.parse("5%"),
    waivable=True,
)
WORD = Gate(probe=AttestProbe("attest", "Look", "devops"), gate="looked-at", title="Looked", when=(When.EXIT,))
ENTRY = Gate(probe=HttpProbe("http", "codex", "/x"), gate="quiet", title="Quiet", when=(When.ENTRY,), equals=200)
CANARY = Phase(
    "canary",
    "Canary",
    "",
    Approvals({"devops": 1, "security": 2}),
    after="staging",
    gates=(MEASURED, WORD, ENTRY),
    soak=Soak(Span(hours=24), Span(hours=48)),
)
STAGING = Phase("staging", "Staging", "", Approvals({"devops": 1}))
LATER = Phase(
    "retention",
    "Retention",
    "",
    Approvals({"devops": 1}),
    after="canary",
    due=Due("canary", Span(hours=72)),
    steps=(ByHandStep("by-hand", "Cut it", "", Later.JETSTREAM),),
)
PLAN = Plan("gitguard", "GitGuard", "#c", {"devops": Guild(title="DevOps")}, "devops", {}, (STAGING, CANARY, LATER))
COPY = ResolvedPhase("gitguard", "GitGuard", "devops", PLAN.guilds, {}, CANARY, {})


def run_in(state, **fields):
    fresh = PhaseRun(
        "canary", state, 1, "d", "U0ASKS", "U0RUNS", NOW + timedelta(hours=1), NOW, {"devops": 1, "security": 2}
    )
    return replace(fresh, **fields)


def asked(ask, run, *, board=None, staging=State.PASSED, intents=(), closed=None, at=NOW):
    rollout = Rollout("gitguard-1", "gitguard", (PhaseRun("staging", staging), run, PhaseRun("retention")), "U0", NOW)
    rollout = replace(rollout, closed_at=closed)
    return "\n".join(ask(rollout, PLAN, {"d": COPY}, board or Board(), run, at, intents))


def judged(gate, outcome, *, age=1, **fields):
    verdict = Verdict(
        outcome, "7%, at most 5%", Reading(0.07, NOW - timedelta(minutes=age), "x"), NOW + timedelta(minutes=5 - age)
    )
    return Standing("canary", 1, gate.name, verdict, **fields)


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_reasons_and_a_next_move(state):
    assert asked(why, run_in(state))
    assert asked(next_moves, run_in(state))


def test_missing_approvals_are_counted_for_each_guild():
    voices = (Approval("U1", "Ada", "security", NOW, "d"),)
    text = asked(why, run_in(State.PROPOSED, approvals=voices))
    assert "1 more approval of DevOps needed." in text
    assert "1 more approval of security needed." in text
    assert "Entry gate quiet does not pass: not read yet." in text
    assert "a timeout is never a yes" in text
    assert "Members of DevOps say yes or no; 1 more yes needed." in asked(
        next_moves, run_in(State.PROPOSED, approvals=voices)
    )


def test_what_is_approved_waits_for_somebody_to_press_start():
    voices = tuple(
        Approval(f"U{number}", "x", guild, NOW, "d") for number, guild in enumerate(("devops", "security", "security"))
    )
    run = run_in(State.PROPOSED, approvals=voices)
    assert "it waits for a member of DevOps, who did not approve it, to press Start" in asked(why, run)
    assert "A member of DevOps presses Start once the entry gates pass (quiet); nothing starts by itself." in asked(
        next_moves, run
    )


def test_a_hold_says_who_since_when_and_why():
    text = asked(why, run_in(State.SOAKING, hold=Hold("looks odd", "U0HOLDS", NOW)))
    assert "It is held by U0HOLDS since 2025-09-01 12:00 UTC: looks odd." in text
    assert "resumes it, or rolls canary back" in asked(next_moves, run_in(State.SOAKING, hold=Hold("x", "U", NOW)))


def test_a_failed_step_waits_for_retry():
    run = run_in(State.STARTING, hold=Hold("Load: no answer", "clockwork", NOW, step="s"))
    step = Intent("gitguard-1", "canary", 1, Ladder.FORWARD, 0, "Load", stage=Stage.FAILED, says="no answer")
    text = asked(why, run, intents=(step,))
    assert "waits for retry" in text
    assert "Step 'Load' failed: no answer." in text
    assert "retries the failed step" in asked(next_moves, run, intents=(step,))


def test_unmet_gates_are_told_with_verdict_and_age_and_the_soak_with_what_is_left():
    board = Board((judged(MEASURED, Outcome.FAIL, age=3),), (Soaked("canary", 1, timedelta(hours=6)),))
    text = asked(why, run_in(State.SOAKING), board=board)
    assert "Soak: 6 h of 1 d earned, 18 h to go." in text
    assert "Exit gate health does not pass: fail, 7%, at most 5%, read 3 min ago." in text
    assert "Exit gate looked-at does not pass: waits for the word of DevOps." in text
    assert "A member of DevOps attests looked-at." in asked(next_moves, run_in(State.SOAKING), board=board)


def test_a_gate_that_failed_before_the_phase_is_shown_as_such():
    board = Board((judged(MEASURED, Outcome.FAIL, bad_before=True),))
    assert "and did so before the phase began" in asked(why, run_in(State.SOAKING), board=board)


def test_a_countdown_is_the_first_thing_said():
    run = run_in(State.SOAKING, countdown=Countdown("health", NOW + timedelta(seconds=30), 1))
    assert asked(why, run).startswith("health failed: it rolls back at 2025-09-01 12:00 UTC, put off 1 of 3 times.")
    assert "unless health recovers or it is snoozed" in asked(next_moves, run)


def test_a_locked_phase_says_why_and_what_comes_before_it():
    text = asked(why, run_in(State.ROLLED_BACK, locked="error rate"), staging=State.SOAKING)
    assert "It is locked and needs approvals anew: error rate." in text
    assert "It comes after staging, which is soaking." in text


def test_a_later_phase_says_what_it_waits_for():
    rollout = Rollout(
        "g-1", "gitguard", (PhaseRun("staging", State.PASSED), run_in(State.PASSED, applied_at=NOW)), "U", NOW
    )
    text = "\n".join(why(rollout, PLAN, {}, Board(), PhaseRun("retention"), NOW))
    assert "It is due at 2025-09-04 12:00 UTC." in text
    assert "It is not available yet: 'Cut it' needs jetstream." in text


def test_a_closed_rollout_has_no_next_move():
    assert "closed at 2025-09-01 12:00 UTC" in asked(why, run_in(State.PASSED), closed=NOW)
    assert asked(next_moves, run_in(State.PASSED), closed=NOW).startswith("Nothing: the rollout is closed.")


def test_after_the_last_passed_phase_the_next_one_is_named():
    assert "previews retention" in asked(next_moves, run_in(State.PASSED))
    rollout = Rollout("g-1", "gitguard", (PhaseRun("staging"),), "U", NOW)
    assert next_phase(rollout, PLAN) is STAGING


@pytest.mark.parametrize(
    ("outcome", "age", "expected"),
    [
        (Outcome.PASS, 1, Stand.PASS),
        (Outcome.PASS, 6, Stand.STALE),
        (Outcome.FAIL, 6, Stand.FAIL),
        (Outcome.ERROR, 1, Stand.ERROR),
        (Outcome.INCONCLUSIVE, 1, Stand.INCONCLUSIVE),
    ],
)
def test_a_gate_stands_by_its_latest_verdict_and_only_a_fresh_pass_is_met(outcome, age, expected):
    board = Board((judged(MEASURED, outcome, age=age),))
    found = stand(board, run_in(State.SOAKING), MEASURED, NOW)
    assert found is expected
    assert found.met == (expected is Stand.PASS)


def test_an_attested_gate_is_never_called_a_pass():
    run = run_in(State.SOAKING)
    assert stand(Board(), run, WORD, NOW) is Stand.WAITS
    assert stand(Board((judged(WORD, Outcome.PASS),)), run, WORD, NOW) is Stand.ATTESTED
    assert stand(Board((judged(WORD, Outcome.PASS, age=9),)), run, WORD, NOW) is Stand.WAITS


def test_a_waiver_covers_only_what_does_not_pass():
    waiver = Waiver("health", "U", "devops", "known", NOW, NOW + timedelta(hours=1))
    run = run_in(State.SOAKING, waivers=(waiver,))
    assert stand(Board((judged(MEASURED, Outcome.FAIL),)), run, MEASURED, NOW) is Stand.WAIVED
    assert stand(Board((judged(MEASURED, Outcome.PASS),)), run, MEASURED, NOW) is Stand.PASS
    assert stand(Board(), run, MEASURED, NOW + timedelta(hours=2)) is Stand.UNREAD


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(hours=3, minutes=20, seconds=5), "3 h 20 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=1, minutes=5), "1 d"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_lengths_are_told_in_two_units_at_most(span, words):
    assert length(span) == words
