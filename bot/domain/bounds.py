"""Bounds: the limit that a reading is held against, and the grey zone before the alarm."""

from dataclasses import dataclass

from bot.domain.quantities import Quantity


@dataclass(frozen=True)
class Alarm:
    """The second limit of a gate: beyond it the verdict is `fail`; between bound and alarm it is `inconclusive`."""

    above: Quantity | None = None
    below: Quantity | None = None

    def rings(self, reading: float) -> bool:
        return (self.above is not None and reading > self.above.base) or (
            self.below is not None and reading < self.below.base
        )


@dataclass(frozen=True)
class Bound:
    """Exactly one limit. `contains` and `lacks` look into a text; numbers are compared in base units."""

    at_most: Quantity | None = None
    at_least: Quantity | None = None
    under: Quantity | None = None
    over: Quantity | None = None
    between: tuple[Quantity, Quantity] | None = None
    equals: bool | int | str | None = None
    one_of: tuple[int | str, ...] = ()
    contains: str | None = None
    lacks: str | None = None

    @property
    def count(self) -> int:
        """How many limits are set; a plan must set one."""
        return len(self._set())

    def _set(self) -> dict[str, object]:
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in named.items() if value not in (None, ())}

    def holds(self, reading: bool | float | str) -> bool | None:
        """Whether the reading is within the bound; None when the two cannot be compared."""
        if self.contains is not None:
            return self.contains in str(reading)
        if self.lacks is not None:
            return self.lacks not in str(reading)
        if self.one_of:
            return str(reading) in {str(each) for each in self.one_of}
        if self.equals is not None:
            return _same(self.equals, reading)
        return self._holds_number(reading)

    def _holds_number(self, reading: bool | float | str) -> bool | None:
        if isinstance(reading, bool) or not isinstance(reading, int | float):
            return None
        if self.between is not None:
            return self.between[0].base <= reading <= self.between[1].base
        if self.at_most is not None:
            return reading <= self.at_most.base
        if self.under is not None:
            return reading < self.under.base
        if self.over is not None:
            return reading > self.over.base
        return reading >= self.at_least.base if self.at_least is not None else None

    @property
    def quantity(self) -> Quantity | None:
        """The quantity in whose unit a reading is best shown."""
        return self.at_most or self.at_least or self.under or self.over or (self.between[0] if self.between else None)

    def __str__(self) -> str:
        for name, value in self._set().items():
            words = name.replace("_", " ")
            if isinstance(value, tuple):
                joined = " and ".join(map(str, value)) if name == "between" else ", ".join(map(str, value))
                return f"{words} {joined}"
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            return f"{words} {shown}"
        return "no bound"


def _same(expected: bool | int | str, reading: bool | float | str) -> bool:
    if isinstance(expected, bool) or isinstance(reading, bool):
        return expected is reading
    if isinstance(expected, str) or isinstance(reading, str):
        return str(expected) == str(reading)
    return expected == reading
