"""The watch: what one new verdict does to a phase: soak, ready, hold, countdown or nothing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain import moves
from bot.domain.board import Board, Standing, earn, unmet, waived
from bot.domain.entries import Entry, Happened
from bot.domain.gates import Gate, OnFail, When
from bot.domain.people import CLOCKWORK
from bot.domain.plan import Phase
from bot.domain.posts import Place
from bot.domain.rollout import Hold, Move, PhaseRun, Rollout, State
from bot.domain.verdicts import Outcome, Verdict

Said = tuple[Entry, Place | None]
_TROUBLE: Final = frozenset({Outcome.FAIL, Outcome.ERROR})


@dataclass(frozen=True)
class Watched:
    """A rollout and its board as the watch leaves them, and what is to be told."""

    rollout: Rollout
    board: Board
    said: tuple[Said, ...] = ()

    def also(self, kind: Happened, run: PhaseRun, place: Place | None, **facts: str | float | None) -> "Watched":
        entry = Entry(kind, CLOCKWORK.id, run.phase, dict(facts))
        return replace(self, said=(*self.said, (entry, place)))


def weigh(seen: Watched, phase: Phase, gate: Gate, verdict: Verdict, now: datetime, real: datetime) -> Watched:
    """Take one new verdict of a gate of this phase's latest attempt."""
    run = _run(seen, phase)
    before = seen.board.standing(run, gate.name)
    # The soak up to now is covered by the verdicts that stood until now, not by the new one.
    seen = _earned(seen, phase, now)
    standing = _standing(run, gate, before, verdict)
    seen = replace(seen, board=seen.board.with_standing(standing))
    if before is None or before.verdict.outcome is not verdict.outcome:
        seen = _told(seen, run, gate, before, standing)
    # A reading may end after its phase went back: it is told, and moves nothing any more.
    if gate.at(When.WATCH) and run.opens(Move.ROLL_BACK):
        seen = _acted_on(seen, phase, gate, standing, now, real)
    return settle(seen, phase, now)


def settle(seen: Watched, phase: Phase, now: datetime) -> Watched:
    """Move on by what is true now: to ready once the soak is earned, back when not, held when it took too long."""
    seen = _earned(seen, phase, now)
    run = _run(seen, phase)
    if run.state not in {State.SOAKING, State.READY}:
        return seen
    open_gates = unmet(seen.board, run, phase.gates, When.EXIT, now)
    earned = seen.board.soaked(run).earned
    enough = phase.soak is None or earned >= phase.soak.at_least
    if run.state is State.SOAKING and enough and not open_gates and run.opens(Move.SOAKED):
        ready = seen.rollout.with_run(replace(run, state=State.READY, changed_at=now))
        return replace(seen, rollout=ready).also(Happened.PHASE_READY, run, Place.CHANNEL)
    if run.state is State.READY and open_gates:
        names = ", ".join(gate.name for gate in open_gates)
        soaking = seen.rollout.with_run(replace(run, state=State.SOAKING, changed_at=now))
        return replace(seen, rollout=soaking).also(Happened.PHASE_UNREADY, run, Place.THREAD, gates=names)
    return _overran(seen, phase, run, now)


def _overran(seen: Watched, phase: Phase, run: PhaseRun, now: datetime) -> Watched:
    if phase.soak is None or run.applied_at is None or run.hold or run.overran or run.state is not State.SOAKING:
        return seen
    if now - run.applied_at <= phase.soak.at_most:
        return seen
    held = replace(run, overran=True)
    reason = f"it did not become ready within {phase.soak.at_most}"
    return _held(replace(seen, rollout=seen.rollout.with_run(held)), held, reason, now)


def _earned(seen: Watched, phase: Phase, now: datetime) -> Watched:
    run = _run(seen, phase)
    if run.state not in {State.SOAKING, State.READY}:
        return seen
    soaked = seen.board.soaked(run)
    start = soaked if soaked.counted_until else replace(soaked, counted_until=run.applied_at)
    return Watched(seen.rollout, seen.board.with_soaked(earn(start, seen.board, run, phase.gates, now)), seen.said)


def _standing(run: PhaseRun, gate: Gate, before: Standing | None, verdict: Verdict) -> Standing:
    errors = (before.errors if before else 0) + 1 if verdict.outcome is Outcome.ERROR else 0
    # An error in between mends nothing: only a pass ends what was bad before.
    was_bad = before is not None and before.bad_before and verdict.outcome is not Outcome.PASS
    bad = was_bad or (verdict.outcome is Outcome.FAIL and run.state is State.PROPOSED)
    return Standing(run.phase, run.attempt, gate.name, verdict, errors, bad)


def _told(seen: Watched, run: PhaseRun, gate: Gate, before: Standing | None, standing: Standing) -> Watched:
    verdict = standing.verdict
    # What was bad before the phase began and is mended by its steps is no news.
    troubled = before is not None and not before.bad_before and before.verdict.outcome in _TROUBLE
    # One message for one incident: where the fail holds or counts down, that is what the channel is told.
    tells = gate.on_fail is OnFail.TELL or standing.bad_before
    incident = verdict.outcome is Outcome.FAIL and gate.at(When.WATCH) and tells and run.hold is None
    begun = run.state is not State.PROPOSED
    quiet = not begun or not (troubled or verdict.outcome in _TROUBLE)
    place = Place.THREAD if not quiet else None
    place = Place.CHANNEL if incident and begun else place
    return seen.also(
        Happened.VERDICT_CHANGED,
        run,
        place,
        gate=gate.name,
        outcome=verdict.outcome.value,
        before=before.verdict.outcome.value if before else None,
        says=verdict.says,
        source=verdict.reading.source,
        samples=verdict.reading.samples,
        read_at=verdict.reading.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        bad_before=standing.bad_before or None,
        on_fail=gate.on_fail.value,
    )


def _acted_on(seen: Watched, phase: Phase, gate: Gate, standing: Standing, now: datetime, real: datetime) -> Watched:
    run = _run(seen, phase)
    outcome = standing.verdict.outcome
    if waived(run, gate, now):
        return seen  # a person has decided; the verdict stays on show beside the waiver
    if outcome is Outcome.PASS and run.countdown and run.countdown.gate == gate.name:
        stopped = moves.stop_countdown(seen.rollout, run)
        return replace(seen, rollout=stopped).also(Happened.COUNTDOWN_STOPPED, run, Place.THREAD, gate=gate.name)
    if outcome is Outcome.ERROR and standing.errors >= gate.patience and run.hold is None:
        return _held(seen, run, f"{gate.name} could not be measured {standing.errors} times in a row", now)
    if outcome is not Outcome.FAIL or standing.bad_before:
        return seen
    if gate.on_fail is OnFail.HOLD and run.hold is None:
        return _held(seen, run, f"{gate.name} failed: {standing.verdict.says}", now)
    if gate.on_fail is OnFail.ROLL_BACK:
        return _counting(seen, run, gate, now, real)
    return seen


def _counting(seen: Watched, run: PhaseRun, gate: Gate, now: datetime, real: datetime) -> Watched:
    newest = seen.rollout.newest_forward
    if newest is not None and newest.phase != run.phase:
        # Only the newest phase can go back first, and whether it should is not this gate's to say.
        return seen if newest.hold else _held(seen, newest, f"{gate.name} of {run.phase} failed", now)
    counting = moves.count_down(seen.rollout, run, gate.name, real)
    if counting is None:
        return seen
    seconds = moves.COUNTDOWN // timedelta(seconds=1)
    return replace(seen, rollout=counting).also(
        Happened.COUNTDOWN_BEGAN, run, Place.CHANNEL, gate=gate.name, seconds=seconds
    )


def _held(seen: Watched, run: PhaseRun, reason: str, now: datetime) -> Watched:
    held = moves.hold(seen.rollout, run, Hold(reason, CLOCKWORK.id, now))
    if not isinstance(held, Rollout):
        return seen
    return replace(seen, rollout=held).also(Happened.PHASE_HELD, run, Place.CHANNEL, reason=reason)


def _run(seen: Watched, phase: Phase) -> PhaseRun:
    return seen.rollout.run(phase.name) or PhaseRun(phase.name)
