"""The machine: every state against every move, and the moves' own conditions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import moves
from bot.domain.approvals import Approval
from bot.domain.people import Person
from bot.domain.plan import Approvals, Due, Guild, Phase, Plan
from bot.domain.probes import Later
from bot.domain.quantities import Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import TABLE, Countdown, Hold, Move, PhaseRun, Rollout, State
from bot.domain.steps import ByHandStep
from bot.domain.verdicts import Waiver

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ANN = Person("ann", "ann", frozenset({"devops"}))

# Written by hand from the design, section 6; `+` needs a hold, `-` needs none, `*` does not care.
LEGAL = {
    State.PENDING: "propose*",
    State.PROPOSED: "approve* withdraw* deny* expire* start- abort* attest* waive* hold- resume+",
    State.STARTING: "abort* applied* attest* waive* hold- resume+ retry+ snooze* rollback* done*",
    State.SOAKING: "attest* waive* soaked- hold- resume+ snooze* rollback* done*",
    State.READY: "attest* waive* unready* promote- hold- resume+ snooze* rollback* done*",
    State.PASSED: "attest* hold- resume+ snooze* rollback* done*",
    State.ROLLING_BACK: "attest* retry+ back*",
    State.ROLLED_BACK: "propose*",
    State.ABORTED: "propose*",
}


def run_in(state, *, held=False, **fields):
    hold = Hold("because", "ann", NOW) if held else None
    return PhaseRun("canary", state, 1, "sha256:aa", "ann", hold=hold, **fields)


def rollout_of(*runs):
    return Rollout("gitguard-1", "gitguard", runs, "ann", NOW)


def plan_of(*phases):
    return Plan("gitguard", "GitGuard", "#c", {"devops": Guild()}, "devops", {}, phases)


def phase(name="canary", **fields):
    return Phase(name, name, "to see", Approvals({"devops": 1}), **fields)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("held", [False, True])
def test_the_table_opens_exactly_the_moves_of_the_design(state, move, held):
    words = {word[:-1]: word[-1] for word in LEGAL[state].split()}
    mark = words.get(move.value)
    expected = mark == "*" or (mark == "+" and held) or (mark == "-" and not held)
    assert run_in(state, held=held).opens(move) is expected


def test_the_table_has_one_line_for_every_move():
    assert set(TABLE) == set(Move)


@pytest.mark.parametrize("move", [move for move in Move if not TABLE[move].clockwork])
def test_an_illegal_move_says_what_is_true_instead(move):
    run = run_in(State.ROLLED_BACK)
    refusal = moves.illegal(rollout_of(run), run, move)
    if move is Move.PROPOSE:
        assert refusal is None
    else:
        assert "rolled back" in refusal.reason
        assert "propose" in refusal.remedy


def test_the_clockworks_moves_are_no_buttons():
    for state in State:
        assert not [move for move in run_in(state).moves() if TABLE[move].clockwork]


def test_canary_waits_for_staging_and_offers_its_preview():
    plan = plan_of(phase("staging"), phase("canary", after="staging"), phase("production", after="canary"))
    rollout = moves.fresh("", plan, ANN, NOW)
    refusal = moves.proposable(rollout, plan, plan.phases[1], NOW)
    assert refusal.code == "order"
    assert refusal.offers == ("preview", "staging")
    assert moves.proposable(rollout, plan, plan.phases[2], NOW).offers == ("preview", "staging")
    assert moves.proposable(rollout, plan, plan.phases[0], NOW) is None


def test_a_phase_with_a_step_that_comes_later_is_not_available_yet():
    step = ByHandStep("by-hand", "cut retention", "wait", Later.JETSTREAM)
    plan = plan_of(phase("retention", steps=(step,)))
    refusal = moves.proposable(moves.fresh("", plan, ANN, NOW), plan, plan.phases[0], NOW)
    assert refusal.code == "not-available"
    assert "not available yet" in refusal.reason
    assert "jetstream" in refusal.reason


def test_a_due_phase_waits_for_its_span_after_the_proved_deploy():
    plan = plan_of(phase("production"), phase("retention", after="production", due=Due("production", Span(hours=72))))
    passed = PhaseRun("production", State.PASSED, 1, applied_at=NOW)
    rollout = rollout_of(passed, PhaseRun("retention"))
    before = moves.proposable(rollout, plan, plan.phases[1], NOW + timedelta(hours=71, minutes=59))
    assert before.code == "not-due"
    assert moves.proposable(rollout, plan, plan.phases[1], NOW + timedelta(hours=72)) is None


def test_one_phase_moves_at_a_time():
    plan = plan_of(phase("staging"), phase("other"))
    rollout = rollout_of(PhaseRun("staging", State.SOAKING, 1), PhaseRun("other"))
    assert moves.proposable(rollout, plan, plan.phases[1], NOW).code == "busy"


def test_a_new_attempt_forgets_every_yes():
    plan = plan_of(phase())
    vote = Approval("ben", "ben", "devops", NOW, "sha256:aa")
    back = replace(run_in(State.ROLLED_BACK), approvals=(vote,), locked="it failed")
    after = moves.propose(rollout_of(back), plan.phases[0], ANN, "sha256:bb", NOW)
    run = after.phases[0]
    assert (run.attempt, run.approvals, run.digest, run.state) == (2, (), "sha256:bb", State.PROPOSED)


def test_start_needs_the_quorum_and_uses_it():
    vote = Approval("ben", "ben", "devops", NOW, "sha256:aa")
    expires = NOW + timedelta(hours=1)
    bare = run_in(State.PROPOSED, quorum={"devops": 1}, expires_at=expires)
    assert moves.start(rollout_of(bare), bare, ANN, NOW).code == "approval-missing"
    voted = replace(bare, approvals=(vote,))
    assert moves.start(rollout_of(voted), voted, ANN, NOW).phases[0].state is State.STARTING
    ben = Person("ben", "ben", frozenset({"devops"}))
    assert moves.start(rollout_of(voted), voted, ben, NOW).code == "approval-runner"


def test_abort_only_before_the_first_effect():
    run = run_in(State.STARTING)
    assert moves.abort(rollout_of(run), run, NOW, effects=True, reason="").code == "effects"
    assert moves.abort(rollout_of(run), run, NOW, effects=False, reason="").phases[0].state is State.ABORTED


def test_promote_needs_every_exit_gate_and_no_countdown():
    run = run_in(State.READY)
    assert moves.promote(rollout_of(run), run, ("error-rate",), NOW).code == "gates"
    counting = replace(run, countdown=Countdown("error-rate", NOW))
    assert moves.promote(rollout_of(counting), counting, (), NOW).code == "countdown"
    assert moves.promote(rollout_of(run), run, (), NOW).phases[0].state is State.PASSED


def test_a_failed_step_is_retried_not_resumed():
    run = replace(run_in(State.STARTING), hold=Hold("step failed", "clockwork", NOW, "intent-1"))
    assert moves.resume(rollout_of(run), run).code == "failed-step"
    assert moves.retry(rollout_of(run), run).phases[0].hold is None
    plain = run_in(State.STARTING, held=True)
    assert moves.retry(rollout_of(plain), plain).code == "no-failed-step"


@pytest.mark.parametrize("state", [State.STARTING, State.SOAKING, State.READY, State.PASSED])
@pytest.mark.parametrize("held", [False, True])
def test_roll_back_is_possible_in_every_forward_state_held_or_not(state, held):
    run = run_in(state, held=held)
    after = moves.roll_back(rollout_of(run), run, "bad", NOW)
    assert after.phases[0].state is State.ROLLING_BACK
    assert after.phases[0].hold is None
    assert after.phases[0].locked == "bad"


def test_phases_roll_back_newest_first():
    staging, canary = PhaseRun("staging", State.PASSED, 1), PhaseRun("canary", State.SOAKING, 1)
    rollout = rollout_of(staging, canary)
    assert moves.roll_back(rollout, staging, "bad", NOW).code == "newest-first"
    gone = rollout_of(staging, replace(canary, state=State.ROLLED_BACK))
    assert moves.roll_back(gone, staging, "bad", NOW).phases[0].state is State.ROLLING_BACK


def test_a_waiver_needs_a_waivable_gate_and_a_reason():
    run = run_in(State.SOAKING)
    waiver = Waiver("latency", "ben", "devops", "known cause", NOW, NOW + timedelta(hours=24))
    assert moves.waive(rollout_of(run), run, waiver, waivable=False).code == "not-waivable"
    assert moves.waive(rollout_of(run), run, replace(waiver, reason=" "), waivable=True).code == "reason"
    assert moves.waive(rollout_of(run), run, waiver, waivable=True).phases[0].waivers == (waiver,)


def test_a_countdown_can_be_put_off_three_times():
    run = run_in(State.SOAKING)
    rollout = moves.count_down(rollout_of(run), run, "error-rate", NOW)
    for number in range(1, 4):
        rollout = moves.snooze(rollout, rollout.phases[0], NOW)
        assert rollout.phases[0].countdown.snoozes == number
    assert moves.snooze(rollout, rollout.phases[0], NOW).code == "snoozed"
    assert moves.count_down(rollout, rollout.phases[0], "latency", NOW) is None


def test_a_closed_rollout_refuses_everything():
    run = run_in(State.PASSED)
    closed = moves.close(rollout_of(run), {"canary": State.PASSED}, NOW)
    assert moves.hold(closed, closed.phases[0], Hold("x", "ann", NOW)).code == "closed"
    assert moves.close(closed, {}, NOW).code == "closed"


@pytest.mark.parametrize("state", [State.PROPOSED, State.STARTING, State.SOAKING, State.READY, State.ROLLING_BACK])
def test_a_rollout_with_a_phase_on_its_way_is_not_closed(state):
    run = run_in(state)
    assert isinstance(moves.close(rollout_of(run), {"canary": state}, NOW), Refusal)


def test_every_transition_moves_the_version_on():
    run = run_in(State.SOAKING)
    rollout = rollout_of(run)
    assert moves.hold(rollout, run, Hold("x", "ann", NOW)).version == rollout.version + 1


def test_the_newest_forward_phase_is_the_newest_by_time_not_by_the_plans_order():
    canary = PhaseRun("canary", State.SOAKING, 1, applied_at=NOW)
    later = PhaseRun("later", State.PASSED, 1, applied_at=NOW - timedelta(days=1))
    assert rollout_of(canary, later).newest_forward == canary
    assert rollout_of(replace(canary, applied_at=NOW - timedelta(days=2)), later).newest_forward == later
    starting = PhaseRun("canary", State.STARTING, 1)
    assert rollout_of(starting, later).newest_forward == starting


def test_what_acts_is_current_before_what_is_only_proposed():
    back, asked = PhaseRun("staging", State.ROLLING_BACK, 1), PhaseRun("canary", State.PROPOSED, 1)
    assert rollout_of(back, asked).current == back
    assert rollout_of(replace(back, state=State.PASSED), asked).current == asked


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (PhaseRun("staging", State.PASSED, 1), None),
        (PhaseRun("staging", State.ROLLED_BACK, 1), "order"),
        (PhaseRun("staging", State.PASSED, 1, hold=Hold("a strange graph", "ann", NOW)), "held"),
        (PhaseRun("staging", State.PASSED, 1, countdown=Countdown("error-rate", NOW)), "countdown"),
    ],
)
def test_a_phase_starts_only_after_one_that_has_passed_and_stands(before, code):
    plan = plan_of(phase("staging"), phase("canary", after="staging"))
    refused = moves.startable(rollout_of(before, run_in(State.PROPOSED)), plan, plan.phases[1], NOW)
    assert (refused.code if refused else None) == code


def test_nothing_starts_beside_a_phase_that_goes_back():
    plan = plan_of(phase("staging"), phase("canary", after="staging"), phase("later", after="staging"))
    runs = PhaseRun("staging", State.PASSED, 1), run_in(State.PROPOSED), PhaseRun("later", State.ROLLING_BACK, 1)
    assert moves.startable(rollout_of(*runs), plan, plan.phases[1], NOW).code == "busy"


def test_a_hold_outlives_the_last_step_but_a_failed_steps_own_does_not():
    held = run_in(State.STARTING, held=True)
    assert moves.applied(rollout_of(held), held, NOW).phases[0].hold == held.hold
    failed = replace(held, hold=replace(held.hold, step="gitguard-1/canary/1/forward/0"))
    assert moves.applied(rollout_of(failed), failed, NOW).phases[0].hold is None


def test_a_waiver_stops_the_countdown_of_its_own_gate_only():
    waiver = Waiver("latency", "ben", "devops", "known cause", NOW, NOW + timedelta(hours=24))
    for gate, left in (("latency", None), ("error-rate", Countdown("error-rate", NOW))):
        run = run_in(State.SOAKING, countdown=Countdown(gate, NOW))
        assert moves.waive(rollout_of(run), run, waiver, waivable=True).phases[0].countdown == left


def test_a_closed_rollout_counts_nothing_down():
    run = run_in(State.PASSED)
    closed = moves.close(rollout_of(run), {"canary": State.PASSED}, NOW)
    assert moves.count_down(closed, closed.phases[0], "error-rate", NOW) is None
