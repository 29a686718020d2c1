"""The serial number of everything visible, and a way to wait until it grows."""

import asyncio


class Changes:
    def __init__(self) -> None:
        self.serial = 1
        self._grown = asyncio.Event()

    def bump(self) -> None:
        self.serial += 1
        self._grown.set()
        self._grown = asyncio.Event()

    async def wait_beyond(self, after: int, seconds: float) -> int:
        """Return the serial once it is above `after`, at the latest after `seconds` real seconds."""
        if self.serial <= after:
            try:
                await asyncio.wait_for(self._grown.wait(), seconds)
            except TimeoutError:
                return self.serial
        return self.serial
