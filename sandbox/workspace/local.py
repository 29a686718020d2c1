"""The local Slack as one thing: its memory, its limits, its faults and its line to the app."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from sandbox.clock import SandboxClock
from sandbox.workspace.chance import Chance
from sandbox.workspace.changes import Changes
from sandbox.workspace.delivery import Courier, Line, Timing
from sandbox.workspace.faults import Faults
from sandbox.workspace.grants import Grants
from sandbox.workspace.memory import Memory
from sandbox.workspace.oddities import Oddities
from sandbox.workspace.payloads import event_callback
from sandbox.workspace.rates import Rates
from sandbox.workspace.response_urls import ResponseUrls
from sandbox.workspace.shown import message_json
from sandbox.workspace.signed_http import SignedHttp
from sandbox.workspace.sockets import Hub
from sandbox.workspace.state import Channel, JsonObject, Message
from sandbox.workspace.triggers import Triggers
from sandbox.workspace.views import Views


@dataclass(frozen=True)
class Tokens:
    bot: str = field(default_factory=lambda: f"xoxb-sandbox-{secrets.token_hex(12)}")
    app: str = field(default_factory=lambda: f"xapp-sandbox-{secrets.token_hex(12)}")


class LocalSlack:
    def __init__(
        self,
        clock: SandboxClock,
        grants: Grants,
        tokens: Tokens,
        timing: Timing,
        *,
        http: SignedHttp | None = None,
        oddities: Oddities | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.oddities = oddities or Oddities()
        self.clock, self.grants, self.tokens = clock, self.oddities.granted(grants), tokens
        self.changes = Changes()
        self.memory = Memory(clock, self.changes)
        self.oddities.leave_out(self.memory)
        self.views = Views(self.changes)
        self.chance = Chance()
        self.triggers = Triggers(monotonic, lambda: self.chance)
        self.response_urls = ResponseUrls(monotonic)
        self.rates = Rates(monotonic)
        self.faults = Faults()
        self.hub = Hub(lambda: self.faults)
        self.http = http
        line: Line = http if http is not None else self.hub
        self.courier = Courier(line, timing, lambda: self.faults, lambda: self.chance)
        self.base_url = "http://127.0.0.1"
        self._closing = asyncio.Event()

    def tell(self, name: str, event: JsonObject) -> None:
        """Deliver the event if the app subscribed to `name`."""
        if name in self.grants.events:
            self.courier.tell(event_callback(event, self.memory.seconds()))

    def tell_message(self, channel: Channel, message: Message, **more: object) -> None:
        """Deliver a message event, where the bot is in the channel."""
        if self.memory.is_member(channel):
            event = message_json(self.memory, message, self.base_url)
            kind = {"channels": "channel", "groups": "group", "im": "im"}[channel.kind]
            event |= {"channel": channel.id, "channel_type": kind, "event_ts": message.ts}
            self.tell(f"message.{channel.kind}", event | more)

    def tell_changed(self, channel: Channel, message: Message, subtype: str) -> None:
        """Deliver the edited or deleted message, as Slack wraps it."""
        if self.memory.is_member(channel):
            shown = message_json(self.memory, message, self.base_url)
            moment = self.memory.next_ts()
            event = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, "ts": moment}
            part: JsonObject = (
                {"message": shown}
                if subtype == "message_changed"
                else {"deleted_ts": message.ts, "previous_message": shown}
            )
            self.tell(f"message.{channel.kind}", event | part | {"event_ts": moment})

    async def closing_within(self, seconds: float) -> None:
        """Wait until the workspace ends, at the latest after `seconds` real seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def until_closing(self, waiting: Coroutine[None, None, int]) -> int | None:
        """Return what `waiting` gives, or None when the workspace ends first."""
        work, end = asyncio.ensure_future(waiting), asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            work.cancel()
            end.cancel()

    async def close(self) -> None:
        self._closing.set()
        await self.courier.close()
        await self.hub.close()
        if self.http is not None:
            await self.http.close()
