"""Pulses: production's, which does nothing, and one for tests of crashes."""

import os
import signal

from bot.ports import Beat


class KillAt:
    """A pulse for tests of crashes: the process kills itself at the nth time of a beat, as `kill -9` would."""

    def __init__(self, where: str) -> None:
        name, _, nth = where.partition(":")
        self.beat, self.left = Beat(name), int(nth or 1)

    def __call__(self, beat: Beat) -> None:
        self.left -= beat is self.beat
        if beat is self.beat and not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


def no_pulse(beat: Beat) -> None:
    """Production's pulse: nothing happens at a beat."""
