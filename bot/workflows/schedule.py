"""The schedule of a phase: which gates are read when, as timers."""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.gates import Gate, When
from bot.domain.plan import Phase
from bot.domain.reminders import moments
from bot.domain.rollout import PhaseRun, Rollout
from bot.domain.timers import Timer, TimerKind
from bot.ports import Snapshot

SOAK_CHECK: Final = timedelta(minutes=5)


def timer_keys(rollout: str, run: PhaseRun) -> tuple[str, ...]:
    """The prefix of every timer of this attempt."""
    return (f"{rollout}/{run.key}/",)


def expiry(rollout: str, run: PhaseRun, now: datetime) -> Timer:
    """The end of a request; written again, it moves."""
    due = run.expires_at or now
    return Timer(f"{rollout}/{run.key}/expiry", TimerKind.APPROVAL_EXPIRY, due, rollout, run.phase, run.attempt)


def reminders(rollout: str, run: PhaseRun) -> tuple[Timer, ...]:
    """The first reminder of every guild that is asked; written again, they move."""
    first = moments(run)[:1]
    return tuple(reminder(rollout, run, guild, at) for guild in sorted(run.quorum or {}) for at in first)


def reminder(rollout: str, run: PhaseRun, guild: str, at: datetime) -> Timer:
    key = f"{reminder_keys(rollout, run)}{guild}/next"
    return Timer(key, TimerKind.APPROVAL_REMINDER, at, rollout, run.phase, run.attempt, guild)


def reminder_keys(rollout: str, run: PhaseRun) -> str:
    """The prefix of every reminder of this attempt."""
    return f"{rollout}/{run.key}/reminder/"


def first_readings(rollout: str, run: PhaseRun, phase: Phase, now: datetime) -> tuple[Timer, ...]:
    """Every measured gate once while the phase is proposed: what is bad already must not be blamed on the phase."""
    return tuple(_reading(rollout, run, gate, now) for gate in phase.gates if not gate.attested)


def steady_readings(rollout: str, run: PhaseRun, phase: Phase, now: datetime) -> tuple[Timer, ...]:
    """Every measured gate on its interval from now on, and the end of the soak."""
    readings = tuple(
        _reading(rollout, run, gate, now)
        for gate in phase.gates
        if not gate.attested and (gate.at(When.WATCH) or gate.at(When.EXIT))
    )
    return (*readings, soak_check(rollout, run, phase, now))


def watch_again(seen: Snapshot, after: Rollout, now: datetime) -> tuple[Timer, ...]:
    """The readings of the phase that is the newest again, since the one after it went back or ended."""
    before = after.watched
    copy = seen.copies.get(before.digest) if before else None
    return steady_readings(after.name, before, copy.phase, now) if before and copy else ()


def soak_check(rollout: str, run: PhaseRun, phase: Phase, now: datetime) -> Timer:
    wait = min(phase.soak.at_least, SOAK_CHECK) if phase.soak else timedelta()
    key = f"{rollout}/{run.key}/soak"
    return Timer(key, TimerKind.SOAK_END, now + wait, rollout, run.phase, run.attempt)


def _reading(rollout: str, run: PhaseRun, gate: Gate, at: datetime) -> Timer:
    key = f"{rollout}/{run.key}/gate/{gate.name}"
    return Timer(key, TimerKind.READ_GATE, at, rollout, run.phase, run.attempt, gate.name)
