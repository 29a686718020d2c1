"""The connection: Socket Mode from the first answer of Slack to the end of the process."""

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp
import stamina
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Beat, Pulse
from bot.workflows.office import Office
from commands.door import make_door

log: Final = structlog.get_logger()


class Socket(AsyncSocketModeHandler):
    """Socket Mode, with the beat that a command's answer has left."""

    pulse: Pulse

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        await super().handle(client, req)
        self.pulse(Beat.COMMAND_ANSWERED)


@dataclass
class Connection:
    """Slack's door: connected as soon as Slack answers; everything else goes on without it."""

    web: AsyncWebClient
    app_token: str
    office: Office
    pulse: Pulse

    async def run(self) -> None:
        """Connect and stay connected for as long as the process lives."""
        identity = await self._identity()
        app = make_door(self.web, self.office, identity)
        socket = Socket(app, self.app_token, web_client=self.web)
        socket.pulse = self.pulse
        try:
            await self._connected(socket)
            log.info("slack.connected", bot=identity["user_id"])
            await asyncio.Event().wait()
        finally:
            await socket.close_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped

    @stamina.retry(on=(aiohttp.ClientError, TimeoutError, SlackApiError), attempts=None, timeout=None, wait_max=10)
    async def _identity(self) -> dict[str, str]:
        told = await self.web.auth_test()
        return {name: str(told.get(name) or "") for name in ("team_id", "user_id", "bot_id", "user", "url")}

    @stamina.retry(on=(aiohttp.ClientError, TimeoutError, SlackApiError), attempts=None, timeout=None, wait_max=10)
    async def _connected(self, socket: Socket) -> None:
        await socket.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
