"""The scene of a reading: what an adapter may use, and what it gives back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from bot.domain.plan import ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.verdicts import Reading
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed


class Unread(Exception):  # noqa: N818 - what it is
    """The value could not be read. The text names what, where, and what to do."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(frozen=True)
class Found:
    """A value that was read. `adds` is written behind the source; `trouble` tells what is missing beside the value."""

    value: bool | float | str
    samples: int | None = None
    adds: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Scene:
    """One reading's surroundings. `read` reads another probe of the same phase at the same moment."""

    phase: ResolvedPhase
    guard: Guard
    read: Callable[[Probe], Awaitable[Reading]]
    allowed: Allowed
    secrets: Mapping[str, str] = field(repr=False)
    running: asyncio.Semaphore


Kind_contra = TypeVar("Kind_contra", contravariant=True)


class Adapter(Protocol[Kind_contra]):
    """Reads one kind of probe."""

    def source(self, probe: Kind_contra) -> str:
        """Where the value comes from, in words without credentials."""
        ...

    async def read(self, probe: Kind_contra, scene: Scene) -> Found:
        """Read it; raises Unread."""
        ...
