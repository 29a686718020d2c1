"""Moves: what each one needs and what it leaves behind; an illegal move is a refusal that says what is true."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import approvals
from bot.domain.approvals import Approval
from bot.domain.people import Person
from bot.domain.plan import Phase, Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import GONE_FORWARD, Countdown, Hold, Move, PhaseRun, Rollout, State
from bot.domain.verdicts import Waiver

COUNTDOWN: Final = timedelta(seconds=30)
SNOOZE: Final = timedelta(minutes=10)
SNOOZES: Final = 3


def fresh(name: str, plan: Plan, by: Person, at: datetime) -> Rollout:
    """A rollout of this plan with every phase pending."""
    return Rollout(name, plan.name, tuple(PhaseRun(phase.name) for phase in plan.phases), by.id, at)


def unknown_phase(plan: Plan, phase: str) -> Refusal:
    known = ", ".join(each.name for each in plan.phases)
    return Refusal("unknown-phase", f"{plan.title} has no phase '{phase}'.", f"Its phases are: {known}.")


def proposable(rollout: Rollout, plan: Plan, phase: Phase, at: datetime) -> Refusal | None:
    """Why this phase cannot be proposed now; the same rule serves preview, start and help."""
    run = rollout.run(phase.name) or PhaseRun(phase.name)
    closed = closed_refusal(rollout)
    if closed:
        return closed
    later = next(iter(phase.not_available()), None)
    if later:
        return Refusal(
            "not-available",
            f"{phase.name} is not available yet: '{later[0]}' needs {later[1]}.",
            "It waits for that part of the bot; nothing was changed.",
        )
    if run.state not in {State.PENDING, State.ABORTED, State.ROLLED_BACK}:
        return Refusal("already", f"{phase.name} is already {run.state.words}.", "See `/rollout status`.")
    return _in_order(rollout, plan, phase, at)


def _in_order(rollout: Rollout, plan: Plan, phase: Phase, at: datetime) -> Refusal | None:
    before = phase.after
    if before:
        state = (rollout.run(before) or PhaseRun(before)).state
        if state is not State.PASSED:
            return Refusal(
                "order",
                f"{phase.name} comes after {before}, and {before} is {state.words}.",
                f"Carry {before} first.",
                _offer(rollout, plan, before),
            )
    busy = [run for run in rollout.phases if run.state in _BUSY and run.phase != phase.name]
    if busy:
        return Refusal("busy", f"{busy[0].phase} is {busy[0].state.words}.", "One phase moves at a time.")
    return _due(rollout, phase, at)


def startable(rollout: Rollout, plan: Plan, phase: Phase, at: datetime) -> Refusal | None:
    """Why this proposed phase cannot start now: its order, another phase under way, held, or about to roll back."""
    no = _in_order(rollout, plan, phase, at)
    if no:
        return no
    for run in rollout.phases:
        if run.phase == phase.name or run.state not in GONE_FORWARD:
            continue
        if run.countdown:
            return Refusal("countdown", f"{run.phase} is about to roll back: {run.countdown.gate} failed.")
        if run.hold:
            return Refusal("held", f"{run.phase} is held: {run.hold.reason}.", f"Resume {run.phase} first.")
    return None


_BUSY: Final = frozenset({State.PROPOSED, State.STARTING, State.SOAKING, State.READY, State.ROLLING_BACK})


def _due(rollout: Rollout, phase: Phase, at: datetime) -> Refusal | None:
    if phase.due is None:
        return None
    run = rollout.run(phase.due.after)
    if run is None or run.applied_at is None or run.state not in GONE_FORWARD:
        return Refusal("order", f"{phase.name} is due {phase.due.wait} after {phase.due.after}, which is not deployed.")
    due_at = run.applied_at + phase.due.wait
    if at >= due_at:
        return None
    return Refusal("not-due", f"{phase.name} is due at {due_at:%Y-%m-%d %H:%M} UTC.", "Start it then.")


def _offer(rollout: Rollout, plan: Plan, phase: str) -> tuple[str, str]:
    """The first phase on the way to `phase` that is not passed yet, as something to preview."""
    wanted = plan.phase(phase)
    run = rollout.run(phase)
    if wanted and wanted.after and (run is None or run.state in {State.PENDING, State.ABORTED, State.ROLLED_BACK}):
        before = rollout.run(wanted.after)
        if before is None or before.state is not State.PASSED:
            return _offer(rollout, plan, wanted.after)
    return "preview", phase


def closed_refusal(rollout: Rollout) -> Refusal | None:
    if rollout.closed_at is None:
        return None
    return Refusal("closed", f"{rollout.name} is closed.", "Start the first phase to open a new rollout.")


def illegal(rollout: Rollout, run: PhaseRun, move: Move) -> Refusal | None:
    """Why the table does not let this move run from here, saying what is true instead."""
    closed = closed_refusal(rollout)
    if closed:
        return closed
    if run.opens(move):
        return None
    held = f", held: {run.hold.reason}" if run.hold else ""
    can = ", ".join(each.value for each in run.moves()) or "nothing"
    return Refusal(
        "not-now", f"{run.phase} is {run.state.words}{held}; {move.value} is not possible now.", f"Open: {can}."
    )


def propose(rollout: Rollout, phase: Phase, by: Person, digest: str, at: datetime) -> Rollout:
    """A new attempt that asks for approvals; every earlier yes is gone. The caller has asked `proposable`."""
    run = rollout.run(phase.name) or PhaseRun(phase.name)
    return rollout.with_run(
        PhaseRun(
            phase.name,
            State.PROPOSED,
            attempt=run.attempt + 1,
            digest=digest,
            requested_by=by.id,
            expires_at=at + phase.approvals.expires,
            changed_at=at,
            quorum=dict(phase.approvals.quorum),
            locked=run.locked,
        )
    )


def repropose(rollout: Rollout, run: PhaseRun, phase: Phase, digest: str, at: datetime) -> Rollout:
    """The same attempt with another digest: the approvals were for other bytes and are void."""
    quorum = dict(phase.approvals.quorum)
    expires = at + phase.approvals.expires
    return rollout.with_run(
        replace(run, digest=digest, approvals=(), waivers=(), quorum=quorum, expires_at=expires, changed_at=at)
    )


def approve(rollout: Rollout, run: PhaseRun, vote: Approval, person: Person) -> Rollout | Refusal:
    """Add one person's yes, if it may count; bound to the digest that the person saw."""
    request = run.request
    wrong = illegal(rollout, run, Move.APPROVE)
    if wrong or request is None:
        return wrong or Refusal("not-now", f"{run.phase} asks for no approval.")
    if vote.digest != run.digest:
        return Refusal(
            "stale", "What you saw has changed since; your yes was not recorded.", "Look at the new request."
        )
    no = approvals.may_approve(request, person, vote.guild, vote.at)
    return no or rollout.with_run(replace(run, approvals=(*run.approvals, vote)))


def withdraw(rollout: Rollout, run: PhaseRun, person: Person) -> Rollout | Refusal:
    """Take one's own yes back, as long as it was not used."""
    wrong = illegal(rollout, run, Move.WITHDRAW)
    if wrong:
        return wrong
    if all(each.person != person.id for each in run.approvals):
        return Refusal("no-approval", f"You have no approval on {run.phase} to withdraw.")
    return rollout.with_run(replace(run, approvals=approvals.without(run.approvals, person.id)))


def deny(rollout: Rollout, run: PhaseRun, person: Person, reason: str, at: datetime) -> Rollout | Refusal:
    """One no of a named guild ends the proposal; it needs a reason."""
    wrong = illegal(rollout, run, Move.DENY)
    if wrong:
        return wrong
    if not reason.strip():
        return Refusal("reason", "A denial needs a reason.", "Say what must change.")
    if person.id == run.requested_by:
        return Refusal("deny-own", "You asked for this yourself.", "Take it back with `/rollout abort`.")
    if not any(person.speaks_for(guild) for guild in run.quorum or {}):
        asked = " or ".join(sorted(run.quorum or {}))
        return Refusal("approval-member", f"Only members of {asked} can deny {run.phase}.")
    return rollout.with_run(replace(_ended(run, at), locked=f"denied: {reason.strip()}"))


def expire(rollout: Rollout, run: PhaseRun, at: datetime) -> Rollout | None:
    """A request that nobody used in time ends; a timeout never means yes."""
    if run.state is not State.PROPOSED or run.expires_at is None or at < run.expires_at:
        return None
    return rollout.with_run(_ended(run, at))


def _ended(run: PhaseRun, at: datetime) -> PhaseRun:
    return replace(run, state=State.ABORTED, changed_at=at, hold=None, countdown=None)


def start(rollout: Rollout, run: PhaseRun, runner: Person, at: datetime) -> Rollout | Refusal:
    """Use the approvals: from here the steps run. The caller has asked for the entry gates."""
    request = run.request
    wrong = illegal(rollout, run, Move.START)
    if wrong or request is None:
        return wrong or Refusal("not-now", f"{run.phase} was not proposed.")
    no = approvals.may_start(request, runner, at)
    return no or rollout.with_run(replace(run, state=State.STARTING, started_by=runner.id, changed_at=at, locked=""))


def abort(rollout: Rollout, run: PhaseRun, at: datetime, *, effects: bool, reason: str) -> Rollout | Refusal:
    """End a proposal, or a start before its first effect."""
    wrong = illegal(rollout, run, Move.ABORT)
    if wrong:
        return wrong
    if effects:
        return Refusal("effects", f"{run.phase} has already changed production.", "Use `/rollout rollback`.")
    return rollout.with_run(replace(_ended(run, at), locked=f"aborted: {reason}" if reason else ""))


def falter(rollout: Rollout, run: PhaseRun, held: Hold) -> Rollout:
    """Hold because a step did not come about, forward or back; `held.step` says which."""
    return rollout.with_run(replace(run, hold=held))


def applied(rollout: Rollout, run: PhaseRun, at: datetime) -> Rollout:
    """All steps are done and proved: the soak begins, unless somebody holds the phase meanwhile."""
    held = run.hold if run.hold and not run.hold.step else None
    return rollout.with_run(replace(run, state=State.SOAKING, changed_at=at, applied_at=at, hold=held))


def promote(rollout: Rollout, run: PhaseRun, unmet: tuple[str, ...], at: datetime) -> Rollout | Refusal:
    """Pass the phase, if every exit gate passes freshly or is waived."""
    wrong = illegal(rollout, run, Move.PROMOTE)
    if wrong:
        return wrong
    if run.countdown:
        return Refusal("countdown", f"{run.phase} is about to roll back: {run.countdown.gate} failed.")
    if unmet:
        return Refusal("gates", f"{run.phase} is not ready: {', '.join(unmet)}.", "See `/rollout why`.")
    return rollout.with_run(replace(run, state=State.PASSED, changed_at=at))


def hold(rollout: Rollout, run: PhaseRun, held: Hold) -> Rollout | Refusal:
    return illegal(rollout, run, Move.HOLD) or rollout.with_run(replace(run, hold=held))


def resume(rollout: Rollout, run: PhaseRun) -> Rollout | Refusal:
    """Go on; a step that failed is not repeated by this, that is *retry*."""
    wrong = illegal(rollout, run, Move.RESUME)
    if wrong:
        return wrong
    if run.hold and run.hold.step:
        return Refusal("failed-step", f"A step failed: {run.hold.reason}.", "Use retry, or roll back.")
    return rollout.with_run(replace(run, hold=None))


def retry(rollout: Rollout, run: PhaseRun) -> Rollout | Refusal:
    """Attempt the failed step again."""
    wrong = illegal(rollout, run, Move.RETRY)
    if wrong:
        return wrong
    if run.hold is None or not run.hold.step:
        return Refusal("no-failed-step", f"No step of {run.phase} has failed.", "Use resume to lift the hold.")
    return rollout.with_run(replace(run, hold=None))


def roll_back(rollout: Rollout, run: PhaseRun, reason: str, at: datetime) -> Rollout | Refusal:
    """Take the newest forward phase back; possible in every non-final state, held or not."""
    wrong = illegal(rollout, run, Move.ROLL_BACK)
    if wrong:
        return wrong
    newest = rollout.newest_forward
    if newest is not None and newest.phase != run.phase:
        return Refusal(
            "newest-first",
            f"{newest.phase} went forward after {run.phase} and is {newest.state.words}.",
            f"Roll back {newest.phase} first.",
        )
    ended = replace(run, state=State.ROLLING_BACK, changed_at=at, hold=None, countdown=None, locked=reason)
    return rollout.with_run(replace(ended, approvals=(), waivers=()))


def back(rollout: Rollout, run: PhaseRun, at: datetime) -> Rollout:
    """Every rung is done and verified; the phase is locked with its reason and needs approvals anew."""
    return rollout.with_run(replace(run, state=State.ROLLED_BACK, changed_at=at, hold=None))


def waive(rollout: Rollout, run: PhaseRun, waiver: Waiver, *, waivable: bool) -> Rollout | Refusal:
    """Go on without a pass, by name; what is not waivable nobody passes."""
    wrong = illegal(rollout, run, Move.WAIVE)
    if wrong:
        return wrong
    if not waivable:
        return Refusal("not-waivable", f"The plan does not let anybody waive {waiver.gate}.", "It must pass.")
    if not waiver.reason.strip():
        return Refusal("reason", "A waiver needs a reason.", "Say why it is safe to go on.")
    counting = None if run.countdown and run.countdown.gate == waiver.gate else run.countdown
    return rollout.with_run(replace(run, waivers=(*run.waivers, waiver), countdown=counting))


def count_down(rollout: Rollout, run: PhaseRun, gate: str, real: datetime) -> Rollout | None:
    """Announce the automatic rollback; None when one is announced already, or none is possible."""
    if run.countdown is not None or illegal(rollout, run, Move.ROLL_BACK):
        return None
    return rollout.with_run(replace(run, countdown=Countdown(gate, real + COUNTDOWN)))


def snooze(rollout: Rollout, run: PhaseRun, real: datetime) -> Rollout | Refusal:
    """Put the announced rollback off by ten minutes, three times at the most."""
    if run.countdown is None:
        return Refusal("no-countdown", f"{run.phase} is not about to roll back.")
    if run.countdown.snoozes >= SNOOZES:
        return Refusal("snoozed", f"It was put off {SNOOZES} times already.", "Fix the signal, or waive the gate.")
    later = Countdown(run.countdown.gate, real + SNOOZE, run.countdown.snoozes + 1)
    return rollout.with_run(replace(run, countdown=later))


def stop_countdown(rollout: Rollout, run: PhaseRun) -> Rollout:
    return rollout.with_run(replace(run, countdown=None))


def close(rollout: Rollout, states: Mapping[str, State], at: datetime) -> Rollout | Refusal:
    """End the rollout: nothing is watched any more. Possible when no phase is on its way."""
    closed = closed_refusal(rollout)
    if closed:
        return closed
    busy = [phase for phase, state in states.items() if state in _BUSY]
    if busy:
        state = states[busy[0]].words
        return Refusal("busy", f"{busy[0]} is {state}.", "Promote it, roll it back or abort it first.")
    return replace(rollout, closed_at=at, version=rollout.version + 1)
