"""Slack's rate limits: about one message a second in each channel, tiers for everything else, real seconds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Allowance:
    """So many at once, then so many per second."""

    burst: int
    per_second: float


class Tier(Enum):
    CONNECT = Allowance(10, 1 / 60)
    T2 = Allowance(20, 20 / 60)
    T3 = Allowance(50, 50 / 60)
    T4 = Allowance(100, 100 / 60)
    POSTING = Allowance(8, 1.0)
    UNLIMITED = Allowance(1_000_000, 1_000_000.0)


@dataclass
class Bucket:
    left: float
    at: float


class Rates:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets: dict[str, Bucket] = {}

    def take(self, key: str, tier: Tier) -> int | None:
        """Count one call; return None when it may pass, else the whole seconds to wait."""
        now, allowed = self._monotonic(), tier.value
        bucket = self._buckets.setdefault(key, Bucket(float(allowed.burst), now))
        refilled = bucket.left + (now - bucket.at) * allowed.per_second
        bucket.left, bucket.at = min(float(allowed.burst), refilled), now
        if bucket.left >= 1:
            bucket.left -= 1
            return None
        return max(1, math.ceil((1 - bucket.left) / allowed.per_second))
