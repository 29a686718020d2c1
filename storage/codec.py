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
    """JSON bytes of one kind of value; of the last `kept` bytes the values are remembered.

    The same bytes are read again and again, by every command and by the change that follows it. Under the bytes
    themselves nothing can be out of date. Used by several threads; each step on the dictionary is whole by itself.
    """

    def __init__(self, kind: type[T], kept: int = 0) -> None:
        self._adapter = TypeAdapter(kind)
        self._dump = self._adapter.serializer.to_json
        self._kept = kept
        self._known: dict[bytes, T] = {}

    def body(self, value: T) -> bytes:
        body: bytes = self._dump(value)
        self._keep(body, value)
        return body

    def value(self, body: bytes) -> T:
        found = self._known.get(body)
        if found is None:
            found = self._adapter.validate_json(body)
            self._keep(bytes(body), found)
        return found

    def _keep(self, body: bytes, value: T) -> None:
        if len(self._known) >= self._kept:
            self._known.clear()
        if self._kept:
            self._known[body] = value


ROLLOUT: Final = Codec(Rollout, 256)
STANDING: Final = Codec(Standing, 4096)
SOAKED: Final = Codec(Soaked, 1024)
INTENT: Final = Codec(Intent, 1024)
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
