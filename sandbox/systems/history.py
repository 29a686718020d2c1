"""What Prometheus remembers: samples of every series over the last hours of the scaled clock."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import isnan, nan

from sandbox.systems.meters import Labels, Reading

KEEP = 3 * 3600.0
LOOKBACK = 300.0
# Between two scrapes that lie further apart than this, a series that ran on is drawn as a straight line.
STEP = 30.0
# Prometheus' own marker for "gone since here"; our readings are never NaN themselves.
STALE = nan


@dataclass
class Samples:
    """One series: moments (seconds since 1970) and values, oldest first."""

    moments: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, at: float, value: float) -> None:
        self.moments.append(at)
        self.values.append(value)
        # Cut rarely and much, since cutting the front of a list moves all of it.
        if self.moments[0] < at - 1.5 * KEEP:
            gone = bisect_right(self.moments, at - KEEP)
            del self.moments[:gone], self.values[:gone]

    def latest(self, at: float) -> float | None:
        """Return the value that an instant query sees at that moment, None when there is none."""
        place = bisect_right(self.moments, at) - 1
        if place < 0 or self.moments[place] <= at - LOOKBACK or isnan(self.values[place]):
            return None
        return self.values[place]

    def window(self, after: float, until: float) -> list[tuple[float, float]]:
        """Return what lies in (after, until], without markers."""
        first, last = bisect_right(self.moments, after), bisect_right(self.moments, until)
        pairs = zip(self.moments[first:last], self.values[first:last], strict=True)
        return [(moment, value) for moment, value in pairs if not isnan(value)]


class History:
    """All series by name and labels."""

    def __init__(self) -> None:
        self._series: dict[str, dict[Labels, Samples]] = {}
        self._before: dict[tuple[str, Labels], float] = {}
        self._before_at = 0.0
        self._life: object = None

    def record(self, at: float, readings: Iterable[Reading], life: object) -> None:
        """Keep one scrape; `life` tells one run of the target from the next, so that no line is drawn across."""
        now = {(name, labels): value for name, labels, value in readings}
        if life is self._life and self._before:
            self._draw_line(at, now)
        for key in self._before.keys() - now.keys():
            self._of(key).add(at, STALE)
        for key, value in now.items():
            self._of(key).add(at, value)
        self._before, self._before_at, self._life = now, at, life

    def named(self, name: str, fits: Callable[[Labels], bool]) -> Iterator[tuple[Labels, Samples]]:
        """Every series of that name whose labels fit."""
        for labels, samples in self._series.get(name, {}).items():
            if fits(labels):
                yield labels, samples

    def _of(self, key: tuple[str, Labels]) -> Samples:
        name, labels = key
        return self._series.setdefault(name, {}).setdefault(labels, Samples())

    def _draw_line(self, at: float, now: dict[tuple[str, Labels], float]) -> None:
        span = at - self._before_at
        if span <= 2 * STEP:
            return
        begin = max(0.0, span - KEEP)
        steps = int((span - begin) / STEP)
        for step in range(steps):
            passed = begin + (step + 1) * (span - begin) / (steps + 1)
            for key, value in now.items():
                before = self._before.get(key, value)
                self._of(key).add(self._before_at + passed, before + (value - before) * passed / span)
