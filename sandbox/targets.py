"""The small door through which the Drive API reaches the sample systems."""

from collections.abc import Mapping
from typing import Protocol


class TargetRefused(Exception):  # noqa: N818 - it is a no with a reason, not a defect
    """The sample system does not exist, or does not take this knob; the text says which."""


class Targets(Protocol):
    """All sample systems by name. Knob names and types are checked by Drive before they get here."""

    def systems(self) -> tuple[str, ...]:
        """Names; the first is the one meant when nobody says."""
        ...

    async def show(self, system: str) -> dict[str, object]:
        """Knobs, `running`, `version`, `flags`, `effects` and `graph_api` of one system."""
        ...

    async def turn(self, system: str, knobs: Mapping[str, object]) -> None:
        """Set the knobs given and leave the others."""
        ...

    async def reset(self, system: str) -> None:
        """Put every knob back and forget the recorded effects."""
        ...


class NoTargets:
    """A workspace without any sample system, for tests of the workspace alone."""

    def systems(self) -> tuple[str, ...]:
        return ()

    async def show(self, system: str) -> dict[str, object]:
        raise TargetRefused(f"there is no system {system!r} here")

    async def turn(self, system: str, knobs: Mapping[str, object]) -> None:
        raise TargetRefused(f"there is no system {system!r} here to take {', '.join(knobs)}")

    async def reset(self, system: str) -> None:
        raise TargetRefused(f"there is no system {system!r} here")
