"""The subscriptions' twin: who wants to be told what, in memory."""

from collections.abc import Iterable


class RehearsalSubscriptions:
    """The promises of Subscriptions, without a disk."""

    def __init__(self) -> None:
        self._kinds: dict[str, frozenset[str]] = {}

    async def of(self, person: str) -> frozenset[str]:
        return self._kinds.get(person, frozenset())

    async def people(self, kind: str) -> tuple[str, ...]:
        return tuple(sorted(person for person, kinds in self._kinds.items() if kind in kinds))

    async def put(self, person: str, kinds: Iterable[str]) -> None:
        self._kinds[person] = frozenset(kinds)
