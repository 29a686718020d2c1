"""Spans, quantities and sizes: what is read, what is refused, and how a reading is shown."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.quantities import Quantity, Size, Span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("24h", 86400),
        ("90m", 5400),
        ("30s", 30),
        ("500ms", 0.5),
        ("2d", 172800),
        ("0s", 0),
        ("1.5h", 5400),
        (" 5 m ", 300),
    ],
)
def test_a_span_is_read_in_its_unit(text: str, seconds: float):
    assert Span.parse(text) == timedelta(seconds=seconds)
    assert isinstance(Span.parse(text), Span)


@pytest.mark.parametrize(
    "text", ["24", "h", "", "1 week", "2w", "1h30m", "nan", "inf", "1e3s", "١h", "24H", "0x1s", "--1s"]
)
def test_what_is_no_span_is_refused_with_an_example(text: str):
    with pytest.raises(ValueError, match="is not a span; write a number with ms, s, m, h or d, such as 24h"):
        Span.parse(text)


def test_a_span_is_never_negative():
    with pytest.raises(ValueError, match="'-1h' is negative"):
        Span.parse("-1h")


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (Span(hours=24), "24h"),
        (Span(minutes=90), "90m"),
        (Span(seconds=61), "61s"),
        (Span(milliseconds=500), "500ms"),
        (Span(), "0s"),
        (Span(days=2), "48h"),
        (Span.of(timedelta(minutes=3)), "3m"),
    ],
)
def test_a_span_is_shown_as_people_write_it(span: Span, shown: str):
    assert str(span) == shown
    assert Span.parse(shown) == span


@pytest.mark.parametrize(
    ("written", "base"),
    [
        (5, 5.0),
        (0.5, 0.5),
        ("5", 5.0),
        ("5%", 0.05),
        ("500ms", 0.5),
        ("3 s", 3.0),
        ("-1", -1.0),
        ("0", 0.0),
        ("10GiB", 10 * 1024**3),
        ("1KiB", 1024),
        ("2MiB", 2 * 1024**2),
        ("1TiB", 1024**4),
        ("1000B", 1000),
        ("0.5KiB", 512),
    ],
)
def test_a_quantity_has_a_base(written: str | float, base: float):
    assert Quantity.parse(written).base == base


@pytest.mark.parametrize("written", ["five", "", "5 %%", "5kg", "nan", "inf", "1e3", "5,0", "%", "١"])
def test_what_is_no_quantity_is_refused(written: str):
    with pytest.raises(ValueError, match="is not a quantity"):
        Quantity.parse(written)


@pytest.mark.parametrize("written", [True, False])
def test_a_truth_is_no_quantity(written: bool):
    with pytest.raises(ValueError, match="true and false are no numbers"):
        Quantity.parse(written)


@pytest.mark.parametrize(
    ("written", "decimal", "binary"),
    [
        ("10GB", "10000000000B", "10GiB"),
        ("1kB", "1000B", "1KiB"),
        ("2 MB", "2000000B", "2MiB"),
        ("3TB", "3000000000000B", "3TiB"),
        ("1.5GB", "1500000000B", "1.5GiB"),
    ],
)
@pytest.mark.parametrize("parse", [Size.parse, Quantity.parse])
def test_a_size_of_two_readings_names_both(parse, written: str, decimal: str, binary: str):
    with pytest.raises(ValueError, match="has two readings") as refused:
        parse(written)
    assert decimal in str(refused.value)
    assert binary in str(refused.value)
    assert Size.parse(decimal) != Size.parse(binary)


@pytest.mark.parametrize("written", ["10", "10gib", "GiB", "10KB5", "10 bytes", ""])
def test_what_is_no_size_is_refused(written: str):
    with pytest.raises(ValueError, match=f"'{written}' is not a size"):
        Size.parse(written)


@pytest.mark.parametrize(
    ("quantity", "reading", "shown"),
    [
        ("5%", 0.0312, "3.12%"),
        ("5000ms", 0.18, "180 ms"),
        ("10s", 2.4, "2.4 s"),
        ("0", 3.0, "3"),
        ("5000ms", 12.0, "12000 ms"),
    ],
)
def test_a_reading_is_shown_in_the_unit_of_its_bound(quantity: str, reading: float, shown: str):
    assert Quantity.parse(quantity).show(reading) == shown


def test_decimals_are_kept_as_written():
    assert str(Quantity.parse("0.10%")) == "0.10%"
    assert Quantity.parse(0.1).number == Decimal("0.1")
