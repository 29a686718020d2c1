"""Working: the loops that let the runner act and the announcer speak, and their one door for bugs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars

from bot.domain.people import CLOCKWORK
from bot.ports import Busy, LostLease, RolloutStore
from bot.workflows.effects import Effects
from bot.workflows.progress import Progress

log: Final = structlog.get_logger()
LOOK_SECONDS: Final = 1.0
Broke = Callable[[str], Awaitable[object]]


async def guarded(work: Awaitable[object], what: str, broke: Broke | None = None) -> None:
    """Await a piece of a loop's work, so that whatever it raises leaves the loop going.

    A bug is logged with its stack, and `broke` is told its name, to hold what it was about. Only a lost lease
    is passed on: it ends the process.
    """
    try:
        await work
    except Busy as why:
        log.warning("busy", at=what, why=str(why))
    except LostLease:
        raise
    except Exception as bug:  # the loops' one door for bugs
        log.exception("bug", at=what)
        if broke is not None:
            await guarded(broke(type(bug).__name__), f"{what}, holding it")


@dataclass
class Workers:
    """One task for each rollout that has something to do; rollouts do not wait for each other."""

    rollouts: RolloutStore
    effects: Effects
    progress: Progress
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _named: set[str] = field(default_factory=set)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def ring(self) -> None:
        """Look for intents of every rollout now."""
        self._named.clear()
        self._bell.set()

    def ring_for(self, rollout: str) -> None:
        """Look for intents of this rollout now; the others are looked at within a second."""
        if self._named or not self._bell.is_set():
            self._named.add(rollout)
        self._bell.set()

    async def run(self) -> None:
        """Look for intents for as long as the process lives; when it ends, nothing goes on acting."""
        loop, looked = asyncio.get_running_loop(), -LOOK_SECONDS
        async with asyncio.TaskGroup() as group:
            while True:
                self._bell.clear()
                named, self._named = self._named, set()
                if named and loop.time() - looked < LOOK_SECONDS:
                    for name in named:
                        self._set_to_work(group, name)
                else:
                    looked = loop.time()
                    await guarded(self._look(group), "workers")
                await _rung(self._bell)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        for seen in await self.rollouts.live():
            self._set_to_work(group, seen.rollout.name)

    def _set_to_work(self, group: asyncio.TaskGroup, name: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = group.create_task(self._work(name))

    async def _work(self, name: str) -> None:
        try:
            with bound_contextvars(rollout=name):
                await guarded(self._advance(name), f"effects of {name}", lambda bug: self._hold(name, bug))
        finally:
            self._tasks.pop(name, None)

    async def _advance(self, name: str) -> None:
        while await self.effects.advance(name):
            continue

    async def _hold(self, name: str, bug: str) -> None:
        if await self.effects.broke(name, bug):
            return
        seen = await self.rollouts.load(name)
        if seen is not None:
            reason = f"the bot broke while acting ({bug}); its log has the stack"
            await self.progress.hold(name, seen.rollout.current.phase, reason, CLOCKWORK)


@dataclass
class Speaker:
    """Sends what waits in the outbox, when something was written and every second."""

    send_waiting: Callable[[], Awaitable[int]]
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        self._bell.set()

    async def run(self) -> None:
        """Send for as long as the process lives; a bug is logged, and what waits stays in the outbox."""
        while True:
            self._bell.clear()
            await guarded(self.send_waiting(), "outbox")
            await _rung(self._bell)


async def _rung(bell: asyncio.Event) -> None:
    """Wait for the bell, or a second at most."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await bell.wait()
    except TimeoutError:
        return
