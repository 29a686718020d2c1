"""Shared: reads by key; whoever asks before a read has begun shares it, since it will see what is true for him too."""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

from storage.database import Database
from storage.session import Session, Work

T = TypeVar("T")


class Shared(Generic[T]):
    """Many people act on one rollout at the same moment; one read serves all whose command came before it began."""

    def __init__(self) -> None:
        self._coming: dict[Hashable, asyncio.Task[T]] = {}

    async def read(self, database: Database, key: Hashable, work: Work[T]) -> T:
        """What `work` answers for this key, of a state of the database that is not older than this call."""
        coming = self._coming.get(key)
        if coming is None or coming.done() or coming.get_loop() is not asyncio.get_running_loop():
            coming = self._coming[key] = asyncio.create_task(self._read(database, key, work))
        # Who stops waiting takes nothing from the others.
        return await asyncio.shield(coming)

    async def _read(self, database: Database, key: Hashable, work: Work[T]) -> T:
        def begun(session: Session) -> T:
            # Before the first statement, and so before the state is chosen that the transaction sees.
            self._coming.pop(key, None)
            return work(session)

        return await database.read(begun)
