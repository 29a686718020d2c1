"""The buttons' twin: ids for meanings, counted up."""

from collections.abc import Sequence

from bot.ports import Meaning


class RehearsalButtons:
    """The promises of Buttons, without a disk."""

    def __init__(self) -> None:
        self._ids: dict[Meaning, str] = {}

    async def ids(self, meanings: Sequence[Meaning]) -> tuple[str, ...]:
        return tuple(self._ids.setdefault(meaning, f"button-{len(self._ids) + 1}") for meaning in meanings)

    async def meaning(self, button: str) -> Meaning | None:
        return next((meaning for meaning, known in self._ids.items() if known == button), None)
