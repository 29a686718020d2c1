"""The clock's twin: it stands still until somebody sleeps or moves it."""

from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2025, 9, 1, 8, tzinfo=UTC)


class RehearsalClock:
    """Both times move together by sleeping; `advance` moves the rollout's alone when `real` is False."""

    def __init__(self, now: datetime = START, real: datetime | None = None) -> None:
        self._now = now
        self._real = real or now
        self.slept = timedelta()

    def now(self) -> datetime:
        return self._now

    def real(self) -> datetime:
        return self._real

    async def sleep(self, seconds: float) -> None:
        self.slept += timedelta(seconds=seconds)
        self.advance(timedelta(seconds=seconds))

    def advance(self, span: timedelta, *, real: bool = True) -> None:
        self._now += span
        if real:
            self._real += span

    def set(self, moment: datetime) -> None:
        """Move both to this moment on the rollout's clock; a clock never goes back."""
        if moment < self._now:
            raise ValueError(f"{moment} has passed")
        self.advance(moment - self._now)
