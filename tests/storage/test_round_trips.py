"""Whatever a decision may write is read back equal, and of the same kind."""

import math
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.board import Soaked, Standing
from bot.domain.intents import Intent
from bot.domain.posts import Post
from bot.domain.rollout import Rollout
from bot.domain.verdicts import Reading
from storage.codec import INTENT, POST, ROLLOUT, SOAKED, STANDING, Codec, storable
from storage.moments import read, written

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOMENTS = st.datetimes(timezones=st.just(UTC))
# JSON has no other floats; the outbox and the ledger keep them as text.
for kind, values in ((str, TEXT), (datetime, MOMENTS), (float, st.floats(allow_nan=False, allow_infinity=False))):
    st.register_type_strategy(kind, values)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(
    Reading,
    st.builds(Reading, value=st.none() | st.booleans() | NUMBERS | TEXT, samples=st.none() | st.integers(0, 2**40)),
)


def alike(before: object, after: object) -> bool:
    """Equal all the way down, and nowhere a truth value for a number or the other way round."""
    if is_dataclass(before):
        pairs = ((getattr(before, each.name), getattr(after, each.name)) for each in fields(before))
        return type(before) is type(after) and all(alike(*pair) for pair in pairs)
    if isinstance(before, tuple):
        return isinstance(after, tuple) and len(before) == len(after) and all(map(alike, before, after))
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and before.keys() == after.keys()
            and all(alike(before[k], after[k]) for k in before)
        )
    return before == after and isinstance(before, bool) is isinstance(after, bool)


@pytest.mark.parametrize(
    ("kind", "codec"),
    [(Rollout, ROLLOUT), (Standing, STANDING), (Soaked, SOAKED), (Intent, INTENT), (Post, POST)],
    ids=["rollout", "standing", "soaked", "intent", "post"],
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_value_comes_back_equal(kind, codec, data):
    value = data.draw(st.from_type(kind))
    # Another codec of the same kind: this one may remember what it has just written.
    assert alike(value, Codec(kind).value(codec.body(value)))
    assert alike(value, codec.value(codec.body(value)))


@settings(max_examples=60, deadline=None)
@given(reading=st.builds(Reading, value=st.floats()), standing=st.from_type(Standing))
def test_any_float_can_be_stored_and_what_is_no_number_is_no_reading(reading, standing):
    odd = replace(standing, verdict=replace(standing.verdict, reading=reading))
    kept = Codec(Standing).value(STANDING.body(storable(odd))).verdict.reading
    assert kept.value == (reading.value if math.isfinite(reading.value) else None)
    assert kept.value is not None or kept.trouble


@given(a=MOMENTS, b=MOMENTS)
def test_moments_sort_as_text_and_come_back(a, b):
    assert read(written(a)) == a
    assert (written(a) < written(b)) == (a < b)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        written(datetime(2026, 3, 1))  # noqa: DTZ001 - the point of the test
