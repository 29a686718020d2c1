"""How domain values become bytes in a row and come back equal."""

import math
from dataclasses import replace
from typing import Final, Generic, TypeVar

from pydantic import TypeAdapter

from bot.domain.board import Soaked, Standing
from bot.domain.intents import Intent
from bot.domain.posts import Post
from bot.domain.rollout import Rollout
from bot.domain.verdicts import Reading

T = TypeVar("T")


class Codec(Generic[T]):
    """JSON bytes of one kind of value."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    def body(self, value: T) -> bytes:
        return self._adapter.dump_json(value)

    def value(self, body: bytes) -> T:
        return self._adapter.validate_json(body)


ROLLOUT: Final = Codec(Rollout)
STANDING: Final = Codec(Standing)
SOAKED: Final = Codec(Soaked)
INTENT: Final = Codec(Intent)
POST: Final = Codec(Post)


def storable(standing: Standing) -> Standing:
    """The standing with a reading that JSON can say.

    NaN and the infinities are no JSON and no number to judge by: they become "no value", and the trouble
    keeps what was read.
    """
    reading = standing.verdict.reading
    return replace(standing, verdict=replace(standing.verdict, reading=_finite(reading)))


def _finite(reading: Reading) -> Reading:
    if isinstance(reading.value, float) and not math.isfinite(reading.value):
        return replace(reading, value=None, trouble=reading.trouble or f"the answer was {reading.value}")
    return reading
