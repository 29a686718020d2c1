"""Bounds and alarms: what holds, what does not, and what cannot be compared."""

import pytest

from bot.domain.bounds import Alarm, Bound
from bot.domain.quantities import Quantity


def q(written: str | float) -> Quantity:
    return Quantity.parse(written)


@pytest.mark.parametrize(
    ("bound", "reading", "holds"),
    [
        (Bound(at_most=q("5%")), 0.05, True),
        (Bound(at_most=q("5%")), 0.050001, False),
        (Bound(at_most=q(0)), 0, True),
        (Bound(at_most=q(0)), 1, False),
        (Bound(at_least=q("90%")), 0.9, True),
        (Bound(at_least=q("90%")), 0.8999, False),
        (Bound(under=q("5%")), 0.05, False),
        (Bound(under=q("5%")), 0.0499, True),
        (Bound(under=q("500ms")), 0.499, True),
        (Bound(over=q(0)), 0, False),
        (Bound(over=q(0)), 0.001, True),
        (Bound(between=(q(200), q(299))), 200, True),
        (Bound(between=(q(200), q(299))), 299, True),
        (Bound(between=(q(200), q(299))), 300, False),
        (Bound(equals=200), 200, True),
        (Bound(equals=200), 200.0, True),
        (Bound(equals=200), "200", True),
        (Bound(equals="200"), 200, True),
        (Bound(equals=200), 201, False),
        (Bound(equals=True), True, True),
        (Bound(equals=True), False, False),
        (Bound(equals=1), True, False),
        (Bound(equals=True), 1, False),
        (Bound(equals="true"), True, False),
        (Bound(equals=0), 0, True),
        (Bound(equals=False), False, True),
        (Bound(one_of=(400, 422)), 422, True),
        (Bound(one_of=(400, "422")), 422, True),
        (Bound(one_of=(400, 422)), 200, False),
        (Bound(contains="Policy source"), "<b>Policy source</b>", True),
        (Bound(contains="Policy source"), "policy source", False),
        (Bound(contains=""), "anything", True),
        (Bound(lacks="error"), "fine", True),
        (Bound(lacks="error"), "an error", False),
    ],
)
def test_a_reading_is_held_against_its_bound(bound: Bound, reading: bool | float | str, holds: bool):
    assert bound.holds(reading) is holds


NUMERIC = (
    Bound(at_most=q(5)),
    Bound(at_least=q(5)),
    Bound(under=q(5)),
    Bound(over=q(5)),
    Bound(between=(q(1), q(5))),
)


@pytest.mark.parametrize("bound", NUMERIC, ids=str)
@pytest.mark.parametrize("reading", [True, False, "5", "", "nan"])
def test_a_truth_or_a_text_is_no_number(bound: Bound, reading: bool | str):
    assert bound.holds(reading) is None


def test_without_a_limit_nothing_holds():
    assert Bound().holds(5) is None
    assert Bound().count == 0
    assert str(Bound()) == "no bound"


@pytest.mark.parametrize(
    "bound", [*NUMERIC, Bound(equals=0), Bound(equals=False), Bound(one_of=(0,)), Bound(contains="")], ids=str
)
def test_one_limit_counts_as_one_even_when_it_is_empty_or_zero(bound: Bound):
    assert bound.count == 1


def test_two_limits_count_as_two():
    assert Bound(at_most=q(5), contains="x").count == 2


@pytest.mark.parametrize(
    ("bound", "shown"),
    [
        (Bound(at_most=q("5%")), "at most 5%"),
        (Bound(under=q("5000ms")), "under 5000ms"),
        (Bound(between=(q(1), q(5))), "between 1 and 5"),
        (Bound(one_of=(400, "x")), "one of 400, x"),
        (Bound(equals=True), "equals true"),
        (Bound(equals=0), "equals 0"),
    ],
)
def test_a_bound_is_shown_in_words(bound: Bound, shown: str):
    assert str(bound) == shown


@pytest.mark.parametrize(
    ("alarm", "reading", "rings"),
    [
        (Alarm(above=q("10%")), 0.1, False),
        (Alarm(above=q("10%")), 0.11, True),
        (Alarm(below=q("85%")), 0.85, False),
        (Alarm(below=q("85%")), 0.84, True),
        (Alarm(), 5, False),
    ],
)
def test_an_alarm_rings_beyond_its_limit(alarm: Alarm, reading: float, rings: bool):
    assert alarm.rings(reading) is rings
