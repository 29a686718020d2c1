"""Faults: what is wrong in a plan's text, where exactly, and how to put it right."""

import re
from dataclasses import dataclass, replace
from typing import Final

MOST: Final = 200
_LINE: Final = 240


@dataclass(frozen=True, order=True)
class Place:
    """A position in a text, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `excerpt` is the line it stands on."""

    file: str
    line: int
    column: int
    excerpt: str
    says: str
    remedy: str = ""

    @property
    def headline(self) -> str:
        said = f"{self.says}; {self.remedy}" if self.remedy else self.says
        return f"{self.file}:{self.line}:{self.column}: {said}"

    def __str__(self) -> str:
        margin = f"{self.line:>5} | "
        caret = " " * (len(margin) + min(self.column, len(self.excerpt) + 1) - 1) + "^"
        return f"{self.headline}\n{margin}{self.excerpt}\n{caret}"


class PlanError(ValueError):
    """A plan that cannot be used, with all of its faults in the order of the text."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


class FaultList:
    """Gathers the faults of one text, so that all of them are told at once."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        # As YAML 1.2 counts lines; str.splitlines knows more separators.
        self._lines = re.split(r"\r\n|\n|\r", text)
        self._found: dict[tuple[Place, str], Fault] = {}
        self._hidden: dict[int, int] = {}

    def add(self, place: Place, says: str, remedy: str = "") -> None:
        # One line can be the whole text, and it would be quoted for each of its faults.
        excerpt = self._lines[place.line - 1][:_LINE] if place.line <= len(self._lines) else ""
        fault = Fault(self._file, place.line, place.column, excerpt, says, remedy)
        if not self.full:
            self._found.setdefault((place, says), fault)

    def hide(self, place: Place) -> None:
        """Show nothing that stands on this line from this place on: it may be a secret, and faults go to Slack."""
        self._hidden[place.line] = min(place.column, self._hidden.get(place.line, place.column))

    @property
    def full(self) -> bool:
        """Whether there are more faults than anybody reads at once; the rest is told when these are put right."""
        return len(self._found) >= MOST

    @property
    def places(self) -> frozenset[Place]:
        return frozenset(place for place, _ in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def error(self) -> PlanError:
        return PlanError(tuple(self._shown(self._found[at]) for at in sorted(self._found)))

    def _shown(self, fault: Fault) -> Fault:
        since = self._hidden.get(fault.line)
        return fault if since is None else replace(fault, excerpt=f"{fault.excerpt[: since - 1]}… (not shown)")
