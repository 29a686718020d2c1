"""The pulse's twin: it remembers every beat, and can stop the process at one of them."""

from bot.ports import Beat


class Stopped(BaseException):
    """The process is gone: nobody can catch that."""


class RehearsalPulse:
    """Remembers beats; stops at the `stop_at`-th one, counted from 1, or the first time it meets `stop_on`."""

    def __init__(self, stop_at: int | None = None, stop_on: Beat | None = None) -> None:
        self.beats: list[Beat] = []
        self._stop_at = stop_at
        self._stop_on = stop_on

    def __call__(self, beat: Beat) -> None:
        self.beats.append(beat)
        if len(self.beats) == self._stop_at or beat is self._stop_on:
            raise Stopped(beat)
