"""Verdicts: the answer of a gate, how old it may grow, and what judging means."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.bounds import Alarm, Bound


class Outcome(StrEnum):
    """`fail`: it is bad. `inconclusive`: measured, not enough to say. `error`: could not be measured."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


@dataclass(frozen=True)
class Reading:
    """What a probe read: the value in base units, how many samples stand behind it, where it comes from.

    `value` is None when nothing could be read; `trouble` then says why.
    """

    value: bool | int | float | str | None
    at: datetime
    source: str
    samples: int | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Verdict:
    """One judged reading; it stands until `valid_until` and not a moment longer."""

    outcome: Outcome
    says: str
    reading: Reading
    valid_until: datetime
    attested_by: str = ""

    def stands(self, moment: datetime) -> bool:
        return moment < self.valid_until

    def passes(self, moment: datetime) -> bool:
        """Only a fresh pass is a pass: nothing stays green by itself."""
        return self.outcome is Outcome.PASS and self.stands(moment)


@dataclass(frozen=True)
class Waiver:
    """A named human's decision to go on without a pass; kept beside the verdict, never in its place."""

    gate: str
    by: str
    guild: str
    reason: str
    at: datetime
    until: datetime

    def stands(self, moment: datetime) -> bool:
        return moment < self.until


def judge(
    reading: Reading,
    bound: Bound,
    *,
    alarm: Alarm | None = None,
    min_samples: int | None = None,
    valid_for: timedelta,
) -> Verdict:
    """Hold one reading against its bound.

    No reading is ERROR, never PASS: a silent Prometheus looks just like a healthy
    one, and only a person may decide which it is. Too few samples, and a value
    between bound and alarm, are INCONCLUSIVE.
    """
    verdict = Verdict(Outcome.ERROR, "", reading, reading.at + valid_for)
    value = reading.value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return replace(verdict, says=reading.trouble or "the answer holds no number")
    if min_samples is not None and reading.samples is None:
        return replace(verdict, says="the number of samples could not be read")
    if min_samples is not None and (reading.samples or 0) < min_samples:
        missing = min_samples - (reading.samples or 0)
        return replace(verdict, outcome=Outcome.INCONCLUSIVE, says=f"{missing} more samples needed of {min_samples}")
    return _held_against(verdict, value, bound, alarm)


def _held_against(verdict: Verdict, value: bool | float | str, bound: Bound, alarm: Alarm | None) -> Verdict:
    # Of a page that is searched for a word, the word is what matters.
    shown = "the text" if bound.contains is not None or bound.lacks is not None else show(value, bound)
    holds = bound.holds(value)
    if holds is None:
        return replace(verdict, says=f"{shown} cannot be compared with: {bound}")
    if holds:
        return replace(verdict, outcome=Outcome.PASS, says=f"{shown}, {bound}")
    if alarm and isinstance(value, int | float) and not alarm.rings(value):
        return replace(verdict, outcome=Outcome.INCONCLUSIVE, says=f"{shown}, wanted: {bound}; short of the alarm")
    return replace(verdict, outcome=Outcome.FAIL, says=f"{shown}, wanted: {bound}")


def show(value: bool | float | str | None, bound: Bound) -> str:
    """A reading as people read it, in the unit of its bound."""
    if value is None:
        return "no reading"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value[:80]}'"
    return bound.quantity.show(value) if bound.quantity else f"{value:g}"
