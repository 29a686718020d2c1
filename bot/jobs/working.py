"""Working: the loops that let the runner act, the announcer speak and the lease live."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.domain.people import CLOCKWORK
from bot.ports import Busy, LostLease, RolloutStore
from bot.workflows.effects import Effects
from bot.workflows.progress import Progress

log: Final = structlog.get_logger()
LOOK_SECONDS: Final = 1.0


@dataclass
class Workers:
    """One task for each rollout that has something to do; rollouts do not wait for each other."""

    rollouts: RolloutStore
    effects: Effects
    progress: Progress
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def ring(self) -> None:
        """Look for intents now."""
        self._bell.set()

    async def run(self) -> None:
        """Look for intents for as long as the process lives."""
        while True:
            self._bell.clear()
            for name in await self._names():
                if name not in self._tasks:
                    self._tasks[name] = asyncio.create_task(self._work(name))
            await _rung(self._bell)

    async def _names(self) -> tuple[str, ...]:
        try:
            return tuple(seen.rollout.name for seen in await self.rollouts.live())
        except Busy:
            return ()

    async def _work(self, name: str) -> None:
        try:
            while await self.effects.advance(name):
                continue
        except (Busy, KeyError, LostLease) as why:
            log.warning("effects.wait", rollout=name, why=str(why) or type(why).__name__)
        except Exception as bug:  # the runner's one door for bugs: the rollout holds and people are told
            log.exception("effects.bug", rollout=name)
            await self._hold(name, bug)
        finally:
            self._tasks.pop(name, None)

    async def _hold(self, name: str, bug: Exception) -> None:
        seen = await self.rollouts.load(name)
        if seen is not None:
            reason = f"the bot broke while acting ({type(bug).__name__}); its log has the stack"
            await self.progress.hold(name, seen.rollout.current.phase, reason, CLOCKWORK)


@dataclass
class Speaker:
    """Sends what waits in the outbox, when something was written and every second."""

    send_waiting: Callable[[], Awaitable[int]]
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        self._bell.set()

    async def run(self) -> None:
        """Send for as long as the process lives; a bug is logged and the next round goes on."""
        while True:
            self._bell.clear()
            try:
                await self.send_waiting()
            except Busy as why:
                log.warning("outbox.busy", why=str(why))
            except LostLease:
                raise
            except Exception:  # the voice's one door for bugs: what waits stays in the outbox
                log.exception("outbox.bug")
            await _rung(self._bell)


async def _rung(bell: asyncio.Event) -> None:
    """Wait for the bell, or a second at most."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await bell.wait()
    except TimeoutError:
        return
