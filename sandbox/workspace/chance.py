"""Chance: random faults at a set rate out of a seeded generator, on calls, deliveries and triggers alike."""

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

M = TypeVar("M", bound=StrEnum)

SHORTEST_HANG, LONGEST_HANG = 0.2, 4.0


class Woe(StrEnum):
    """What can befall a delivery: doubled, overtaken, late, its answer lost, or no connection left to carry it."""

    DUPLICATE = "duplicate"
    REORDER = "reorder"
    LATE = "late"
    LOSE_ANSWER = "lose_answer"
    DISCONNECT = "disconnect"


class Snag(StrEnum):
    """What can befall a trigger."""

    EXPIRED = "expired"


@dataclass
class Chance:
    """At `rate` each thing suffers one fault, independently of the others.

    Calls, deliveries and triggers draw from generators of their own, so that more of one kind does not change
    what befalls the next of another. `suffered` counts what happened since the seed was set.
    """

    rate: float = 0.0
    seed: int = 0
    suffered: Counter[str] = field(default_factory=Counter)
    _drawing: dict[str, random.Random] = field(default_factory=dict)

    def strike(self, kinds: type[M]) -> M | None:
        """What befalls the next thing of this kind; None is nothing."""
        drawing = self._generator(kinds.__name__)
        # Both are drawn every time, so that the n-th thing suffers the same whatever the rate let pass before.
        falls, which = drawing.random() < self.rate, drawing.choice(list(kinds))
        if not falls:
            return None
        self.suffered[f"{kinds.__name__.lower()}.{which.value}"] += 1
        return which

    def seconds(self) -> float:
        """How long a hang lasts."""
        return self._generator("seconds").uniform(SHORTEST_HANG, LONGEST_HANG)

    def _generator(self, name: str) -> random.Random:
        return self._drawing.setdefault(name, random.Random(f"{self.seed} {name}"))
