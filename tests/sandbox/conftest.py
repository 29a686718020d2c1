"""A workspace of its own for every test, served on a real loopback port, and plain Slack clients for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.clock import SandboxClock
from sandbox.targets import NoTargets
from sandbox.workspace.delivery import Timing
from sandbox.workspace.grants import Grants
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.server import LOCAL, build_workspace, running

ROOM = "C0ROLLOUT"


class Hands:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Running:
    base: str
    local: LocalSlack
    session: ClientSession
    hands: Hands
    stack: AsyncExitStack = field(repr=False)

    @property
    def web(self) -> AsyncWebClient:
        return self.client(self.local.tokens.bot)

    def client(self, token: str | None) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=f"{self.base}/api/")

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        async with self.session.get(f"{self.base}/drive/{path}", params=query) as response:
            return dict(await response.json())

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.base}/drive/{path}", json=body) as response:
            return dict(await response.json())

    async def connect(self, app: AsyncApp) -> AsyncSocketModeHandler:
        """Join a Bolt app by Socket Mode; it leaves when the test ends."""
        handler = AsyncSocketModeHandler(app, self.local.tokens.app, web_client=self.client(None), ping_interval=5)
        before = self.local.hub.connected
        await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
        self.stack.push_async_callback(handler.close_async)
        await until(lambda: self.local.hub.connected > before)
        return handler

    def bolt(self) -> AsyncApp:
        return AsyncApp(token=self.local.tokens.bot, client=self.web)


async def until(claim: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not claim():
            await asyncio.sleep(0.005)


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    async with AsyncExitStack() as stack:

        async def begin(**given: Any) -> Running:
            hands = Hands()
            given.setdefault("grants", Grants())
            given.setdefault("timing", Timing())
            clock = given.pop("clock", None) or SandboxClock()
            targets = given.pop("targets", None) or NoTargets()
            app = build_workspace(clock, targets, monotonic=hands, **given)
            base = await stack.enter_async_context(running(app))
            session = await stack.enter_async_context(ClientSession())
            await session.get(f"{base}/drive/people")
            inner = await stack.enter_async_context(AsyncExitStack())
            return Running(base, app[LOCAL], session, hands, inner)

        yield begin


@pytest.fixture
async def slack(start: Callable[..., Awaitable[Running]]) -> Running:
    return await start()
