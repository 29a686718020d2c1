"""The sandbox's clock: real time run faster, with jumps, so that a day of soak passes in minutes."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

SPAN = re.compile(r"(?P<count>\d+(?:\.\d+)?)(?P<unit>[smhdw]?)")
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def parse_span(text: str | float) -> timedelta:
    """Read seconds or a text like `24h`, `90m`, `30s`, `1h30m`; ValueError or TypeError for the rest."""
    if isinstance(text, bool):
        raise TypeError("a span is a number of seconds or a text like 24h, not a truth value")
    if isinstance(text, int | float):
        return timedelta(seconds=text)
    bare = text.strip()
    parts = list(SPAN.finditer(bare))
    unitless = [part for part in parts if not part["unit"]]
    if not parts or "".join(part[0] for part in parts) != bare or (unitless and len(parts) > 1):
        raise ValueError(f"{text!r} is not a span: write 24h, 90m, 30s or a number of seconds")
    return timedelta(seconds=sum(float(part["count"]) * UNITS[part["unit"]] for part in parts))


class SandboxClock:
    """Starts at the real moment and runs `speed` times as fast; it can jump forward, never back."""

    def __init__(self, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if speed <= 0:
            raise ValueError("the clock's speed must be above zero")
        self.speed = speed
        self.version = 1
        self._monotonic = monotonic
        self._origin = datetime.now(UTC)
        self._began = monotonic()
        self._jumped = timedelta()
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        return self._origin + self._jumped + timedelta(seconds=(self._monotonic() - self._began) * self.speed)

    def advance(self, span: timedelta) -> None:
        """Jump forward; everybody who waits for a new version wakes."""
        if span < timedelta():
            raise ValueError("the clock cannot go back")
        # Computed before it is kept, so that a jump past the calendar's end changes nothing.
        beyond = self._jumped + span
        _ = self._origin + beyond + timedelta(days=3660)
        self._jumped = beyond
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_change(self, version: int, seconds: float) -> int:
        """Return the version once it differs from `version`, at the latest after `seconds` real seconds."""
        if self.version == version:
            try:
                await asyncio.wait_for(self._changed.wait(), seconds)
            except TimeoutError:
                return self.version
        return self.version
