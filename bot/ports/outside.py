"""Outside: the world that the rules ask about and that the hands change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bot.domain.people import Person
from bot.domain.plan import Guild, Plan, ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.steps import Step
from bot.domain.verdicts import Reading


class Clock(Protocol):
    """Two times: `now` is the rollout's (a sandbox may speed it), `real` is the wall's."""

    def now(self) -> datetime: ...

    def real(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None:
        """Wait real seconds."""
        ...


class Directory(Protocol):
    """Who somebody is, asked now. Raises Unreachable when that cannot be known."""

    async def person(self, user: str, guilds: Mapping[str, Guild]) -> Person: ...

    async def members(self, guild: Guild) -> tuple[str, ...]: ...


class PlanShelf(Protocol):
    """The plans on disk. `resolve` gives the phase with everything that will be executed, and its digest.

    Raises KeyError for an unknown plan or phase, Unresolvable with a text for people when something is missing.
    """

    def plans(self) -> tuple[Plan, ...]: ...

    def resolve(self, plan: Plan, phase: str) -> tuple[ResolvedPhase, str]: ...


class Sheet(Protocol):
    """The target's env files as they are now, for the preview."""

    async def differences(self, phase: ResolvedPhase) -> tuple[tuple[str, str, str, str], ...]:
        """(sign, key, old, new) with sign `+`, `~` or `-`; values that look secret are masked; never raises."""
        ...


class Probes(Protocol):
    """Reads; can change nothing. What cannot be read is a reading without a value, never an exception."""

    async def read(self, probe: Probe, phase: ResolvedPhase, at: datetime) -> Reading: ...


class Happening(Protocol):
    """How a step's effect shows: True, False, or None when it cannot be known; with words for people."""

    @property
    def shown(self) -> bool | None: ...

    @property
    def says(self) -> str: ...


class Actions(Protocol):
    """The only hands. Steps are done under a key; their effect is read back, never assumed."""

    async def seal(self, step: Step, phase: ResolvedPhase) -> dict[str, str]:
        """What stands now and will be needed to go back; raises ActionFailed when it cannot be read."""
        ...

    async def act(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> str:
        """Do it, say in a few words what was done. Raises ActionFailed; Unreachable when the answer is unknown."""
        ...

    async def happened(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> Happening:
        """Read back, once and now, whether the effect is there; who has just acted asks again for a while."""
        ...

    def repeatable(self, step: Step) -> bool:
        """Whether doing it again under the same key does no harm although nothing is known (`shown` is None)."""
        ...
