"""The keeper's twin: small texts in memory."""


class RehearsalKept:
    """The promises of Kept, without a disk."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self._texts.get(name)

    async def put(self, name: str, text: str) -> None:
        self._texts[name] = text
