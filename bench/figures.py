"""Figures: what a benchmark prints."""

import json
from dataclasses import asdict, dataclass
from typing import Final

ROUNDS: Final = 5


@dataclass(frozen=True)
class Figure:
    """`ratio` is ours / against; `goal` is the most it may be; `holds` says whether it is."""

    bench: str
    ours: float
    against: float
    goal: float

    @property
    def ratio(self) -> float:
        return self.ours / self.against

    @property
    def holds(self) -> bool:
        return self.ratio <= self.goal

    def line(self) -> str:
        shown = {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}
        return json.dumps({**shown, "ratio": round(self.ratio, 3), "holds": self.holds})


@dataclass(frozen=True)
class Rate(Figure):
    """More is better: `goal` is the least that the ratio may be."""

    @property
    def holds(self) -> bool:
        return self.ratio >= self.goal
