"""Fairness: nobody's asking takes the time of the others; whoever asks too fast is told so at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

FORGOTTEN_ABOVE: Final = 5_000


@dataclass
class _Bucket:
    tokens: float
    at: float
    inside: int = 0


@dataclass
class Fairness:
    """A bucket of `burst` asks for each person that fills by `rate` a second, and at most `inside` at a time."""

    elapsed: Callable[[], float]
    burst: float = 20
    rate: float = 4
    inside: int = 4
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def enter(self, person: str) -> bool:
        """Whether this person may ask now; whoever has entered leaves again."""
        now = self.elapsed()
        bucket = self._buckets.get(person)
        if bucket is None:
            self._forget(now)
            bucket = self._buckets[person] = _Bucket(self.burst, now)
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.rate)
        bucket.at = now
        if bucket.tokens < 1 or bucket.inside >= self.inside:
            return False
        bucket.tokens -= 1
        bucket.inside += 1
        return True

    def leave(self, person: str) -> None:
        bucket = self._buckets.get(person)
        if bucket is not None:
            bucket.inside -= 1

    def _forget(self, now: float) -> None:
        """Those whose bucket is full again are like new."""
        if len(self._buckets) < FORGOTTEN_ABOVE:
            return
        full = self.burst / self.rate
        for person in [name for name, each in self._buckets.items() if not each.inside and now - each.at > full]:
            del self._buckets[person]
