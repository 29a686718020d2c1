"""The connection: Slack's door, open from when it is known who we are to the end of the process."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Beat, Busy, Pulse
from bot.workflows.office import Office
from commands.arrivals import Malformed, enveloped
from commands.door import Door, bolt_app, open_door
from commands.fairness import Fairness
from commands.identity import Identity, Passport
from commands.reception import ELSEWHERE, OK, Gauge, Reception, Unmeasured
from commands.served import Server
from commands.watching import Alarm, SlackLine, Watch

log: Final = structlog.get_logger()
NAMED_WITHIN: Final = 2.0
FORGETS_EVERY: Final = 60.0
# A request may be stamped five minutes ahead and is good for five minutes after that; one more for slow clocks.
FORGETS_AFTER: Final = timedelta(minutes=11)


@dataclass
class Entrance:
    """What both lines lead to: a reception for the workspace that we are in, and the door behind it."""

    web: AsyncWebClient
    office: Office
    fairness: Fairness = field(default_factory=lambda: Fairness(time.monotonic))
    gauge: Gauge = field(default_factory=Unmeasured)
    _doors: list[Door] = field(default_factory=list)

    def reception(self, identity: Identity) -> Reception:
        app = bolt_app(self.web, identity)
        door = open_door(app, self.office, self.web)
        self._doors.append(door)
        return Reception(app, identity, self.fairness, self.gauge, door.listeners)

    async def forget(self) -> None:
        """Forget, now and then, what was delivered so long ago that its signature is worth nothing any more."""
        known, clock = self.office.deliveries, self.office.clock
        while known is not None:
            await clock.sleep(FORGETS_EVERY)
            try:
                await known.forget(clock.real() - FORGETS_AFTER)
            except Busy:
                log.info("deliveries.busy")

    async def close(self) -> None:
        for door in self._doors:
            await door.close()


@dataclass
class HttpConnection:
    """Signed requests: taken in as soon as it is known who we are, be it from the last time."""

    passport: Passport
    entrance: Entrance
    server: Server
    pulse: Pulse

    async def run(self) -> None:
        """Take in what is posted for as long as this process acts."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._open())
                group.create_task(self.entrance.forget())
            await asyncio.Event().wait()
        finally:
            self.server.shut()
            await self.entrance.close()

    async def _open(self) -> None:
        last = await self.passport.last()
        if last:
            self._plug(last)
        else:
            self.server.unready = "identity"
        now = await self.passport.now()
        if now != last:
            self._plug(now)
        log.info("slack.connected", bot=now["user_id"])

    def _plug(self, identity: Identity) -> None:
        self.server.open(self.entrance.reception(identity), self.pulse)
        self.server.unready = ""


@dataclass
class SocketConnection:
    """Socket Mode: connected as soon as Slack opens a socket, under the name that we had the last time if need be."""

    passport: Passport
    entrance: Entrance
    app_token: str
    pulse: Pulse
    alarm: Alarm
    server: Server | None = None
    _reception: Reception | None = None
    _named_now: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Connect and stay connected for as long as this process acts."""
        self._mark("disconnected")
        watch = Watch(self._line, self.entrance.office.clock, self.alarm, self._mark)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._named())
                group.create_task(watch.run())
                group.create_task(self.entrance.forget())
        finally:
            if self.server:
                self.server.shut()
            await self.entrance.close()

    async def _named(self) -> None:
        last = await self.passport.last()
        if last:
            self._receive(last)
        now = await self.passport.now()
        if now != last:
            self._receive(now)
        log.info("slack.connected", bot=now["user_id"])

    def _receive(self, identity: Identity) -> None:
        self._reception = self.entrance.reception(identity)
        self._named_now.set()

    def _line(self) -> SlackLine:
        return SlackLine(self.entrance.web, self.app_token, self._handle)

    def _mark(self, why: str) -> None:
        self.entrance.gauge.socket(why)
        if self.server:
            self.server.unready = why

    async def _receiving(self) -> Reception | None:
        """The reception, which may come a moment after the socket; Slack waits for three seconds."""
        if self._reception is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._named_now.wait(), NAMED_WITHIN)
        return self._reception

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        reception = await self._receiving()
        if reception is None:
            return  # Slack delivers it again, or tells the person: who we are is not known yet
        try:
            arrival = enveloped(request)
        except Malformed as wrong:
            log.warning("delivery.malformed", why=str(wrong))
            return
        answer = await reception.take(arrival, suspect=bool(request.retry_attempt))
        # What is another workspace's is taken note of, so that it is not delivered again.
        if answer.status in {OK, ELSEWHERE}:
            payload = json.loads(answer.text) if answer.text else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))
            self.pulse(Beat.COMMAND_ANSWERED)
