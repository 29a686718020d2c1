"""The ledger's twin: entries in their order, chained by hashes of their own."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from bot.domain.entries import Entry
from bot.ports import Chained


def stream_of(rollout: str) -> str:
    return f"rollout/{rollout}"


class RehearsalLedger:
    """Streams of entries by name."""

    def __init__(self) -> None:
        self._streams: dict[str, list[Chained]] = {}

    async def entries(self, stream: str, *, last: int | None = None) -> tuple[Chained, ...]:
        found = self._streams.get(stream, [])
        return tuple(found if last is None else found[max(0, len(found) - last) :])

    def append(self, stream: str, entries: Iterable[Entry], at: datetime) -> None:
        """Chain them; the store's twin calls this within its change."""
        chain = self._streams.setdefault(stream, [])
        for entry in entries:
            before = chain[-1].head if chain else ""
            head = hashlib.sha256(f"{before}{stream}{len(chain)}{at.isoformat()}{entry!r}".encode()).hexdigest()
            chain.append(Chained(len(chain) + 1, at, entry, head))
