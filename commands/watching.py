"""Watching: a socket that is silent, stuck or refused is noticed, told and made anew from scratch."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Clock

log: Final = structlog.get_logger()
TROUBLE: Final = "slack-socket"
PING_EVERY: Final = 5.0
LOOK_EVERY: Final = 2.0
# A socket is asked every five seconds, and Slack moves its sockets now and then: three missing answers are no hiccup.
SILENT_AFTER: Final = timedelta(seconds=20)
CONNECTS_WITHIN: Final = 10.0
CLOSES_WITHIN: Final = 3.0
MOST_PAUSE: Final = 15.0
MOST_WAIT: Final = 60.0


Listener = Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]


class Alarm(Protocol):
    """Tells people beyond Slack; neither waits nor raises."""

    def trouble(self, name: str, text: str) -> None: ...

    def over(self, name: str, text: str) -> None: ...


class Refused(Exception):  # noqa: N818 - what Slack did
    """Slack gave no socket; the text says why, `wait` how many seconds it wants to be left alone."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class Line(Protocol):
    """One client of Slack's sockets."""

    @property
    def goodbye(self) -> str:
        """The reason that Slack gave when it closed the socket; "" when it gave none."""
        ...

    async def connect(self) -> None:
        """Raises Refused, or whatever the network raises."""
        ...

    async def signs(self) -> int:
        """How many signs of life there were so far; -1 when there is no connection."""
        ...

    async def close(self) -> None: ...


@dataclass
class Watch:
    """Keeps one socket open; `mark` hears why there is none, or "" once there is one."""

    make: Callable[[], Line]
    clock: Clock
    alarm: Alarm
    mark: Callable[[str], None]
    connects_within: float = CONNECTS_WITHIN
    _down_since: datetime | None = None
    _told: bool = False
    _failures: int = 0
    _wait: float = 0.0

    async def run(self) -> None:
        """Connect, watch, and begin anew, for as long as the process lives."""
        self._down_since = self.clock.real()
        while True:
            line = self.make()
            try:
                why = await self._connected(line) or await self._watched(line)
            finally:
                await _closed(line)
            self._down(why)
            await self._pause()

    async def _connected(self, line: Line) -> str:
        """Why it could not connect; "" when it has."""
        try:
            async with asyncio.timeout(self.connects_within):
                await line.connect()
        except Refused as why:
            self._wait = min(why.wait, MOST_WAIT)
            return str(why)
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as why:
            return f"Slack cannot be reached ({type(why).__name__})"
        self._failures = 0
        return ""

    async def _watched(self, line: Line) -> str:
        """Look after it until it has given no sign of life for too long; answers in what way."""
        # An open connection alone is no sign: Slack's hello, or an answer to a ping, is.
        last, heard = 0, self.clock.real()
        while True:
            signs = await line.signs()
            if signs > last:
                last, heard = signs, self.clock.real()
                self._up()
            elif self.clock.real() - heard > SILENT_AFTER:
                closed = f"the socket was closed ({line.goodbye or 'no reason given'}) and not opened again"
                return closed if signs < 0 else "the socket is silent"
            await self.clock.sleep(LOOK_EVERY)

    def _up(self) -> None:
        if self._down_since is None:
            return
        gone = self.clock.real() - self._down_since
        self._down_since = None
        log.info("slack.socket.up", after=int(gone.total_seconds()))
        self.mark("")
        # Also after a restart: who was told of the trouble by the process before waits for this.
        self.alarm.over(TROUBLE, "The bot is connected to Slack again.")
        self._told = False

    def _down(self, why: str) -> None:
        now = self.clock.real()
        if self._down_since is None:
            # It was given up on after a silence: it has been down for that long already.
            self._down_since = now - SILENT_AFTER
        log.warning("slack.socket.down", why=why, since=self._down_since.isoformat())
        self.mark("disconnected")
        if not self._told and now - self._down_since >= SILENT_AFTER:
            self._told = True
            text = f"The bot has no connection to Slack: {why}. It goes on trying; rollouts run on by themselves."
            self.alarm.trouble(TROUBLE, text)

    async def _pause(self) -> None:
        await self.clock.sleep(max(min(2.0**self._failures, MOST_PAUSE), self._wait))
        self._failures, self._wait = self._failures + 1, 0.0


async def _closed(line: Line) -> None:
    try:
        async with asyncio.timeout(CLOSES_WITHIN):
            await line.close()
    except (aiohttp.ClientError, OSError, TimeoutError) as why:
        log.warning("slack.socket.not-closed", why=type(why).__name__)


class SlackLine:
    """Slack's own client, for one life; it moves to a new address by itself when Slack asks it to."""

    goodbye: str

    def __init__(self, web: AsyncWebClient, app_token: str, listen: Listener) -> None:
        self._client = SocketModeClient(app_token=app_token, web_client=web, ping_interval=PING_EVERY)
        self._client.socket_mode_request_listeners.append(listen)
        self._client.on_message_listeners.append(self._hear)
        self._heard = 0
        self._ponged: float | None = None
        self.goodbye = ""

    async def connect(self) -> None:
        try:
            told = await self._client.web_client.apps_connections_open(app_token=self._client.app_token)
        except SlackApiError as no:
            why = f"Slack opens no socket: {no.response.get('error', 'no reason given')}"
            raise Refused(why, _seconds(no.response.headers.get("Retry-After"))) from no
        self._client.wss_uri = str(told.get("url"))
        await self._client.connect()  # type: ignore[no-untyped-call] # the SDK leaves it untyped

    async def signs(self) -> int:
        before, self._ponged = self._ponged, self._client.last_ping_pong_time
        # The client sets it to None and to its own first ping too; from one ping to the next it goes by answers alone.
        if before and self._ponged and self._ponged != before:
            self._heard += 1
        session = self._client.current_session
        return -1 if session is None or session.closed else self._heard

    async def close(self) -> None:
        client = self._client
        try:
            await client.close()  # type: ignore[no-untyped-call] # the SDK leaves it untyped
        finally:
            # A silent peer never answers the goodbye; whoever stops waiting for it still leaves nothing behind.
            for task in (client.message_processor, client.current_session_monitor, client.message_receiver):
                if task is not None:
                    task.cancel()
            await client.aiohttp_client_session.close()

    async def _hear(self, message: Any) -> None:  # noqa: ANN401 - aiohttp's message
        self._heard += 1
        if '"disconnect"' in message.data:
            self.goodbye = str(json.loads(message.data).get("reason") or "")
            log.info("slack.socket.goodbye", reason=self.goodbye)


def _seconds(told: object) -> float:
    return float(told) if isinstance(told, str) and told.isdigit() else 0.0
