"""Spans, sizes and numbers with a unit, as people write them in a plan."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Self

_SPAN_UNITS: Final = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
_BASE_UNITS: Final = {"": Decimal(1), "%": Decimal("0.01"), **_SPAN_UNITS}
_SIZE_UNITS: Final = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T"), 1)},
}
_THOUSAND: Final = 1000
_WRITTEN: Final = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]*)")


class Span(timedelta):
    """A length of time, written `24h`, `90m`, `30s`, `500ms` or `2d`."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one span; ValueError says what is wrong and how to write it."""
        found = _WRITTEN.fullmatch(text.strip())
        if not found or found[2] not in _SPAN_UNITS:
            raise ValueError(f"'{text}' is not a span; write a number with ms, s, m, h or d, such as 24h")
        seconds = Decimal(found[1]) * _SPAN_UNITS[found[2]]
        if seconds < 0:
            raise ValueError(f"'{text}' is negative; a span is zero or more")
        return cls(seconds=float(seconds))

    @classmethod
    def of(cls, span: timedelta) -> Self:
        return cls(seconds=span.total_seconds())

    def __str__(self) -> str:
        seconds = Decimal(str(self.total_seconds()))
        for unit in ("h", "m", "s"):
            whole = seconds / _SPAN_UNITS[unit]
            if whole and whole == whole.to_integral_value():
                return f"{int(whole)}{unit}"
        return f"{int(seconds * 1000)}ms" if seconds else "0s"


@dataclass(frozen=True)
class Quantity:
    """A number with its unit: plain, `%`, or a span. `base` is in ones, shares or seconds."""

    number: Decimal
    unit: str = ""

    @classmethod
    def parse(cls, written: str | float) -> Self:
        """Read one quantity; ValueError says what is wrong. Sizes are another kind: see `Size`."""
        if isinstance(written, bool):
            raise ValueError("true and false are no numbers")  # noqa: TRY004 - the loader reports ValueErrors
        if not isinstance(written, str):
            return cls(Decimal(str(written)))
        found = _WRITTEN.fullmatch(written.strip())
        if found and re.fullmatch(r"k?B|[KMGT]i?B", found[2]):
            return cls(Decimal(Size.parse(written)), "B")
        if not found or found[2] not in _BASE_UNITS:
            raise ValueError(
                f"'{written}' is not a quantity; write a number, a share such as 5%, or a span such as 500ms"
            )
        try:
            return cls(Decimal(found[1]), found[2])
        except InvalidOperation as bad:  # pragma: no cover - the pattern admits digits only
            raise ValueError(f"'{written}' is not a number") from bad

    @property
    def base(self) -> float:
        """The number in ones, shares (5% is 0.05), seconds or bytes."""
        return float(self.number * _BASE_UNITS.get(self.unit, Decimal(1)))

    def show(self, reading: float) -> str:
        """A reading in base units, written in this quantity's unit."""
        scaled = Decimal(str(reading)) / _BASE_UNITS.get(self.unit, Decimal(1))
        # As a float: a Decimal keeps its exponent and would be shown as 1.8e+2.
        shown = f"{float(scaled):.4g}" if abs(scaled) < _THOUSAND else f"{scaled:.0f}"
        return f"{shown}{'' if self.unit in ('', '%') else ' '}{self.unit}"

    def __str__(self) -> str:
        return f"{self.number}{self.unit}"


class Size(int):
    """A number of bytes whose base is named: `10 GB` and `10GB` are ambiguous in the field and refused."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one size such as `10GiB`; decimal units need to be spelt out in bytes.

        The base must be unmistakable (design, section 5): many tools read GB as 1024^3.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if not found or found[2] not in _SIZE_UNITS:
            raise ValueError(f"'{text}' is not a size; write 10GiB, or the bytes such as 10000000000B")
        unit = found[2]
        number = Decimal(found[1])
        if unit != "B" and "i" not in unit:
            decimal, binary = number * _SIZE_UNITS[unit], number * _SIZE_UNITS[f"{unit[0].upper()}iB"]
            raise ValueError(
                f"'{text}' has two readings; write {int(decimal)}B ({number} {unit} = {int(decimal):,})"
                f" or {number}{unit[0].upper()}iB ({number} {unit[0].upper()}iB = {int(binary):,})"
            )
        return cls(int(number * _SIZE_UNITS[unit]))
