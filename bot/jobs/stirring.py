"""Stirring: a rollout store that wakes the loops after every write, and one that waits its turn."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from bot.domain.plan import Plan
from bot.domain.refusals import Refusal
from bot.ports import Busy, Change, Decide, RolloutStore, Snapshot
from bot.workflows.ladder import active

PAUSE: Final = 0.2
Answer = TypeVar("Answer")
Written = TypeVar("Written", bound=Change | Refusal | None)


@dataclass
class Stirring:
    """Passes everything on; after a write the listeners are rung, so that nobody has to poll.

    Those in `acting` are told which rollout was written, if a phase of it starts or goes back: only then is there
    anything to do.
    """

    store: RolloutStore
    listeners: list[Callable[[], None]] = field(default_factory=list)
    acting: list[Callable[[str], None]] = field(default_factory=list)

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        return self._stirred(await self.store.open(plan, decide))

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        return self._stirred(await self.store.change(name, decide))

    async def load(self, name: str) -> Snapshot | None:
        return await self.store.load(name)

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        return await self.store.live(plan)

    def _stirred(self, written: Written) -> Written:
        if isinstance(written, Change):
            for ring in self.listeners:
                ring()
            for ring_for in self.acting if active(written.rollout) else ():
                ring_for(written.rollout.name)
        return written


@dataclass
class Patient(Stirring):
    """For work that nobody waits for: when the store is busy it tries again until it is not.

    An effect that is done must be recorded; giving up would leave it to be read back after its deadline.
    """

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        return await _in_its_turn(lambda: Stirring.change(self, name, decide))

    async def load(self, name: str) -> Snapshot | None:
        return await _in_its_turn(lambda: Stirring.load(self, name))

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        return await _in_its_turn(lambda: Stirring.live(self, plan))


async def _in_its_turn(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    while True:
        try:
            return await ask()
        except Busy:
            await asyncio.sleep(PAUSE)
