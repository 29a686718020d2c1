"""Verdicts: no reading is ever a pass, too few samples decide nothing, and every verdict grows old."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.bounds import Alarm, Bound
from bot.domain.quantities import Quantity
from bot.domain.verdicts import Outcome, Reading, Verdict, Waiver, judge, show

AT = datetime(2025, 3, 4, 12, tzinfo=UTC)
FOR = timedelta(minutes=5)
UNDER = Bound(under=Quantity.parse("5%"))
BOUNDS = (
    UNDER,
    Bound(at_most=Quantity.parse(0)),
    Bound(at_least=Quantity.parse(0)),
    Bound(over=Quantity.parse(-1)),
    Bound(between=(Quantity.parse(-1), Quantity.parse(1))),
    Bound(equals=0),
    Bound(equals="None"),
    Bound(equals="nan"),
    Bound(one_of=("nan", "None", 0)),
    Bound(contains=""),
    Bound(contains="n"),
    Bound(lacks="x"),
    Bound(),
)


def judged(value: bool | float | str | None, bound: Bound = UNDER, **more: object) -> Verdict:
    samples, trouble = more.pop("samples", None), more.pop("trouble", "")
    return judge(Reading(value, AT, "metrics", samples, trouble), bound, valid_for=FOR, **more)


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_no_number_is_an_error_whatever_the_bound(value: float | None, bound: Bound):
    assert judged(value, bound).outcome is Outcome.ERROR
    assert judged(value, bound, min_samples=1, samples=100).outcome is Outcome.ERROR


def test_the_trouble_is_told():
    assert judged(None, trouble="connection refused").says == "connection refused"
    assert judged(math.nan).says == "the answer holds no number"


@pytest.mark.parametrize("value", [True, "0.01"])
def test_what_cannot_be_compared_is_an_error(value: bool | str):
    verdict = judged(value)
    assert verdict.outcome is Outcome.ERROR
    assert "cannot be compared with: under 5%" in verdict.says


@pytest.mark.parametrize(
    ("value", "samples", "outcome"),
    [
        (0.0, None, Outcome.ERROR),
        (0.0, 0, Outcome.INCONCLUSIVE),
        (0.0, 19, Outcome.INCONCLUSIVE),
        (0.9, 19, Outcome.INCONCLUSIVE),
        (0.0, 20, Outcome.PASS),
        (0.9, 20, Outcome.FAIL),
    ],
)
def test_too_few_samples_decide_nothing(value: float, samples: int | None, outcome: Outcome):
    assert judged(value, min_samples=20, samples=samples).outcome is outcome


def test_how_many_samples_are_missing_is_said():
    assert judged(0.0, min_samples=20, samples=5).says == "15 more samples needed of 20"


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(0.049, Outcome.PASS), (0.05, Outcome.INCONCLUSIVE), (0.1, Outcome.INCONCLUSIVE), (0.11, Outcome.FAIL)],
)
def test_between_bound_and_alarm_lies_a_grey_zone(value: float, outcome: Outcome):
    assert judged(value, alarm=Alarm(above=Quantity.parse("10%"))).outcome is outcome


def test_a_lower_alarm_has_its_grey_zone_below_the_bound():
    bound, alarm = Bound(over=Quantity.parse("90%")), Alarm(below=Quantity.parse("85%"))
    outcomes = [judged(value, bound, alarm=alarm).outcome for value in (0.95, 0.9, 0.85, 0.84)]
    assert outcomes == [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, Outcome.FAIL]


@pytest.mark.parametrize(("value", "outcome"), [("page", Outcome.FAIL), ("a page of it", Outcome.PASS)])
def test_a_text_is_looked_into(value: str, outcome: Outcome):
    assert judged(value, Bound(contains="of it")).outcome is outcome


def test_a_verdict_stands_until_its_last_moment_and_not_at_it():
    verdict = judged(0.01)
    assert verdict.passes(AT + FOR - timedelta(microseconds=1))
    assert not verdict.passes(AT + FOR)
    assert not verdict.stands(AT + FOR)


@pytest.mark.parametrize("value", [0.9, None])
def test_only_a_pass_passes(value: float | None):
    assert not judged(value).passes(AT)


def test_a_waiver_stands_until_its_moment():
    waiver = Waiver("g", "U1", "devops", "known", AT, AT + FOR)
    assert waiver.stands(AT + FOR - timedelta(seconds=1))
    assert not waiver.stands(AT + FOR)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "no reading"), (True, "true"), ("x" * 100, f"'{'x' * 80}'"), (0.0312, "3.12%")],
)
def test_a_reading_is_shown_in_words(value: bool | float | str | None, shown: str):
    assert show(value, UNDER) == shown
