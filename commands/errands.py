"""Errands: what is still to be said or read after Slack has had its answer."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Errands:
    """Tasks that are held on to until they end; the caller sees to their errors."""

    _running: "set[asyncio.Task[None]]" = field(default_factory=set)

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Wait for those that run, and for those that they start."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self) -> None:
        """End them; what they had to say is lost, and nothing else is."""
        for task in tuple(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
