"""A loopback port that is ours for as long as the sandbox runs, open or refusing."""

import socket
from collections.abc import Callable

from aiohttp import web

HOST = "127.0.0.1"


class LoopbackPort:
    """Serves an application while open; connections are refused while closed, and nobody else can take the port."""

    def __init__(self, make_app: Callable[[], web.Application]) -> None:
        self._make_app = make_app
        self._runner: web.AppRunner | None = None
        # Bound but never listening: it refuses connections, and it keeps the number for the next opening.
        self._holder = _bound(0)
        self.number: int = self._holder.getsockname()[1]
        self.url = f"http://{HOST}:{self.number}"

    @property
    def is_open(self) -> bool:
        return self._runner is not None

    async def open(self) -> None:
        if self._runner is not None:
            return
        runner = web.AppRunner(
            self._make_app(),
            access_log=None,
            handle_signals=False,
            handler_cancellation=True,
            shutdown_timeout=0.05,
        )
        self._runner = runner
        await runner.setup()
        await web.SockSite(runner, _bound(self.number)).start()

    async def close(self) -> None:
        """Stop listening and cut the connections that are still open."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def release(self) -> None:
        """Give the port back for good."""
        await self.close()
        self._holder.close()


def _bound(number: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.settimeout(0)
    bound.bind((HOST, number))
    return bound
