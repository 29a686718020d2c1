"""The scraper: reads the org-brain's meters again and again into the history, on the scaled clock."""

import asyncio
import time
from collections.abc import Callable, Iterator

from sandbox.systems.history import History
from sandbox.systems.meters import Labels, Reading
from sandbox.systems.org_brain import UP_BEFORE, OrgBrain

TARGET: Labels = (("instance", "guard-codex:8090"), ("job", "guard-codex"))
SCALED_INTERVAL = 5.0
REAL_INTERVAL = 0.05
# A clock that moved this much further than its speed explains has jumped.
JUMP = 60.0


class Scraper:
    """Keeps the history; a jump of the clock is lived through by the target, evenly."""

    def __init__(self, brain: OrgBrain, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.history = History()
        self._brain = brain
        self._clock = brain.clock
        self._monotonic = monotonic
        self._real = monotonic()
        self._scaled = self._clock.now().timestamp() - UP_BEFORE.total_seconds()
        # From the service's start until now, as if it had been scraped all along.
        self._record(self._scaled)
        self.scrape()

    @property
    def interval(self) -> float:
        """Real seconds from one scrape to the next."""
        return max(SCALED_INTERVAL / self._clock.speed, REAL_INTERVAL)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self.interval)
            self.scrape()

    def scrape(self) -> None:
        """Take one sample of everything, now."""
        now, real = self._clock.now().timestamp(), self._monotonic()
        skipped = (now - self._scaled) - (real - self._real) * self._clock.speed
        if skipped > JUMP:
            self._brain.live_through(skipped)
        if now > self._scaled:
            self._record(now)
        self._scaled, self._real = now, real

    def catch_up(self) -> None:
        """Scrape at once if the clock has jumped, so that a query right after it finds what it asks for."""
        if self._clock.now().timestamp() - self._scaled > JUMP + 2 * self.interval * self._clock.speed:
            self.scrape()

    def _record(self, at: float) -> None:
        self.history.record(at, self._readings(), life=self._brain.run if self._up else None)

    @property
    def _up(self) -> bool:
        return self._brain.working

    def _readings(self) -> Iterator[Reading]:
        yield "up", TARGET, float(self._up)
        run = self._brain.run
        if run is not None and self._up:
            for name, labels, value in run.workload.meters.readings():
                yield name, tuple(sorted((*labels, *TARGET))), value
