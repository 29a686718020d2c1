"""The sheet's twin: the differences that the script names."""

from collections.abc import Iterable

from bot.domain.plan import ResolvedPhase


class RehearsalSheet:
    """Shows the same lines for every phase: (sign, key, old, new)."""

    def __init__(self, lines: Iterable[tuple[str, str, str, str]] = ()) -> None:
        self.lines = tuple(lines)

    async def differences(self, phase: ResolvedPhase) -> tuple[tuple[str, str, str, str], ...]:  # noqa: ARG002 - as asked
        return self.lines
