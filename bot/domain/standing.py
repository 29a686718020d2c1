"""Standing: in which of a few ways a gate stands now, so that every surface uses the same words."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.board import Board, Standing, since_applied, waived
from bot.domain.gates import Gate
from bot.domain.rollout import PhaseRun
from bot.domain.verdicts import Outcome

_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


class Stand(StrEnum):
    """What can be said of a gate, worst first; `attested` is a pass that nobody measured."""

    FAIL = "fail"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    STALE = "too old"
    UNREAD = "not read yet"
    WAITS = "waits for somebody's word"
    WAIVED = "waived"
    ATTESTED = "attested, not measured"
    PASS = "pass"  # noqa: S105 - a verdict, not a password

    @property
    def met(self) -> bool:
        return self in {Stand.PASS, Stand.ATTESTED, Stand.WAIVED}


def stand(board: Board, run: PhaseRun, gate: Gate, now: datetime) -> Stand:
    """How this gate stands in this attempt; a waiver is seen beside the verdict that it covers."""
    standing = since_applied(run, gate, board.standing(run, gate.name))
    plain = of(gate, standing, now)
    return plain if plain.met or not waived(run, gate, now) else Stand.WAIVED


def of(gate: Gate, standing: Standing | None, now: datetime) -> Stand:
    """How the gate stands by its latest verdict alone."""
    if standing is None:
        return Stand.WAITS if gate.attested else Stand.UNREAD
    outcome = standing.verdict.outcome
    if outcome is not Outcome.PASS:
        return Stand(outcome.value)
    if not standing.verdict.stands(now):
        return Stand.WAITS if gate.attested else Stand.STALE
    return Stand.ATTESTED if gate.attested else Stand.PASS


def length(span: timedelta) -> str:
    """A length of time in at most two units: `3 h 20 min`."""
    rest = max(int(span.total_seconds()), 0)
    shown: list[str] = []
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        if number or shown:
            shown.append(f"{number} {unit}")
        if len(shown) > 1:
            break
    return " ".join(part for part in shown if not part.startswith("0 ")) or "0 s"
