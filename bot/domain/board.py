"""The board: the latest verdict of every gate of a run, and the soak that they have earned."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.gates import Gate, When
from bot.domain.rollout import PhaseRun
from bot.domain.verdicts import Outcome, Verdict


@dataclass(frozen=True)
class Judged:
    """One gate with the verdict of a reading made now."""

    gate: Gate
    verdict: Verdict


@dataclass(frozen=True)
class Standing:
    """The latest verdict of one gate in one attempt.

    `errors` counts the errors in a row; `bad_before` says that the gate failed already before the phase began.
    """

    phase: str
    attempt: int
    gate: str
    verdict: Verdict
    errors: int = 0
    bad_before: bool = False


@dataclass(frozen=True)
class Soaked:
    """How much soak an attempt has earned, and up to which moment it was counted."""

    phase: str
    attempt: int
    earned: timedelta = timedelta()
    counted_until: datetime | None = None


@dataclass(frozen=True)
class Board:
    """What the gates of one rollout say."""

    standings: tuple[Standing, ...] = ()
    soaks: tuple[Soaked, ...] = field(default=())

    def standing(self, run: PhaseRun, gate: str) -> Standing | None:
        found = (each for each in self.standings if (each.phase, each.attempt, each.gate) == (*_of(run), gate))
        return next(found, None)

    def soaked(self, run: PhaseRun) -> Soaked:
        found = (each for each in self.soaks if (each.phase, each.attempt) == _of(run))
        return next(found, Soaked(run.phase, run.attempt))

    def with_standing(self, standing: Standing) -> "Board":
        rest = tuple(
            each
            for each in self.standings
            if (each.phase, each.attempt, each.gate) != (standing.phase, standing.attempt, standing.gate)
        )
        return Board((*rest, standing), self.soaks)

    def with_soaked(self, soaked: Soaked) -> "Board":
        rest = tuple(each for each in self.soaks if (each.phase, each.attempt) != (soaked.phase, soaked.attempt))
        return Board(self.standings, (*rest, soaked))


def _of(run: PhaseRun) -> tuple[str, int]:
    return run.phase, run.attempt


def waived(run: PhaseRun, gate: Gate, moment: datetime) -> bool:
    """Whether a standing waiver covers the gate; what is not waivable nobody passes."""
    return gate.waivable and any(each.gate == gate.name and each.stands(moment) for each in run.waivers)


def unmet(board: Board, run: PhaseRun, gates: Iterable[Gate], when: When, moment: datetime) -> tuple[Gate, ...]:
    """The gates asked at this point that neither pass freshly nor are waived."""

    def met(gate: Gate) -> bool:
        standing = since_applied(run, gate, board.standing(run, gate.name))
        passes = standing is not None and standing.verdict.passes(moment)
        return passes or waived(run, gate, moment)

    return tuple(gate for gate in gates if gate.at(when) and not met(gate))


def earn(soaked: Soaked, board: Board, run: PhaseRun, gates: Iterable[Gate], moment: datetime) -> Soaked:
    """Count the soak up to `moment`.

    Only time covered by unexpired passes of every measured watch gate counts: not holds, not errors, not
    the bot's downtime, since a verdict ends at its `valid_until` whether or not anybody was there to read.
    """
    start = soaked.counted_until or moment
    if moment <= start:
        return replace(soaked, counted_until=start)
    if run.hold is not None:
        return Soaked(soaked.phase, soaked.attempt, soaked.earned, moment)
    covered = _covered_until(board, run, gates, start, moment)
    return Soaked(soaked.phase, soaked.attempt, soaked.earned + max(covered - start, timedelta()), moment)


def _covered_until(board: Board, run: PhaseRun, gates: Iterable[Gate], start: datetime, moment: datetime) -> datetime:
    until = moment
    for gate in gates:
        if gate.attested or not gate.at(When.WATCH) or waived(run, gate, moment):
            continue
        standing = since_applied(run, gate, board.standing(run, gate.name))
        if standing is None or standing.verdict.outcome is not Outcome.PASS:
            return start
        until = min(until, standing.verdict.valid_until)
    return until


def since_applied(run: PhaseRun, gate: Gate, standing: Standing | None) -> Standing | None:
    """What was measured before the steps were done says nothing of what they did."""
    if standing is None or gate.attested or run.applied_at is None:
        return standing
    return standing if standing.verdict.reading.at >= run.applied_at else None
