"""Pulse: the boundaries between beats, told as they are passed."""

from enum import StrEnum
from typing import Protocol


class Beat(StrEnum):
    """The boundaries between beats: a crash is possible after each, and each is tested."""

    INTENT_FOUND = "intent-found"
    INTENT_SEALED = "intent-sealed"
    INTENT_CLAIMED = "intent-claimed"
    EFFECT_DONE = "effect-done"
    EFFECT_READ_BACK = "effect-read-back"
    EFFECT_RECORDED = "effect-recorded"
    COMMAND_RECORDED = "command-recorded"
    COMMAND_ANSWERED = "command-answered"
    POST_FOUND = "post-found"
    POST_TRYING = "post-trying"
    POST_SENT = "post-sent"
    POST_RECORDED = "post-recorded"


class Pulse(Protocol):
    """Told at every beat boundary, so that a test can stop the process exactly there."""

    def __call__(self, beat: Beat) -> None: ...
