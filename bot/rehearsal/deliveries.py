"""The deliveries' twin: what was delivered, in memory."""

from collections.abc import Iterable
from datetime import datetime


class RehearsalDeliveries:
    """The promises of Deliveries, without a disk; `put` plays the store that records a delivery."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}

    async def seen(self, keys: Iterable[str]) -> datetime | None:
        return min((self._at[key] for key in keys if key in self._at), default=None)

    async def forget(self, before: datetime) -> int:
        old = [key for key, at in self._at.items() if at < before]
        for key in old:
            del self._at[key]
        return len(old)

    def put(self, keys: Iterable[str], at: datetime) -> None:
        self._at |= dict.fromkeys(keys, at)
