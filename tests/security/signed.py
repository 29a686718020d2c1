"""A served door on a real port over a real database, and a hand that signs, captures and sends raw requests."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from slack_sdk.web.async_client import AsyncWebClient

from bot.jobs.clock import WallClock
from bot.jobs.pulse import no_pulse
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.probes import RehearsalProbes
from bot.rehearsal.sheet import RehearsalSheet
from bot.rehearsal.shelf import RehearsalShelf
from bot.workflows.gates import Gates
from bot.workflows.office import Office
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks
from commands.connection import Entrance
from commands.fairness import Fairness
from commands.served import PATH, Server
from commands.signing import Seal
from storage.opened import opened
from tests.commands.conftest import ENGINEER, PEOPLE, sample_plan

SECRET = b"8f742231b10e8888abcd99yyyzzz85a5"
TEAM, APP = "T0GITGUARD", "A0ROLLOUT"
IDENTITY = {"team_id": TEAM, "user_id": "U0ROLLOUTBOT", "bot_id": "B0ROLLOUT", "app_id": APP}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
UNLIMITED = 1e9


@dataclass
class House:
    """One process's worth: its memory, its server, and whether it acts."""

    server: Server
    memory: object
    office: Office
    ending: AsyncExitStack
    port: int = 0

    async def act(self, fairness=None):
        """Take the lease and open the door."""
        while await self.memory.lease.acquire() is None:
            await asyncio.sleep(0.01)
        web = AsyncWebClient(token="xoxb-none", base_url="http://127.0.0.1:9/")
        entrance = Entrance(web, self.office, fairness or Fairness(time.monotonic, UNLIMITED, UNLIMITED, 10_000))
        self.ending.push_async_callback(entrance.close)
        self.server.open(entrance.reception(IDENTITY), no_pulse)
        self.server.unready = ""

    async def stop(self):
        self.server.shut()
        await self.ending.aclose()


async def house(database, plans, people=PEOPLE):
    """A process that serves and stands by; the caller makes it act and stops it."""
    ending = AsyncExitStack()
    clock = WallClock()
    memory = await ending.enter_async_context(opened(f"sqlite+aiosqlite:///{database}", clock))
    shelf, directory, probes = RehearsalShelf(tuple(plans)), RehearsalDirectory(people), RehearsalProbes()
    store = memory.rollouts
    gates = Gates(store, memory.timers, shelf, probes, clock)
    office = Office(
        Proposals(store, shelf, directory, RehearsalSheet(()), clock),
        Progress(store, clock),
        gates,
        Rollbacks(store, gates, clock),
        store,
        memory.ledger,
        memory.buttons,
        directory,
        shelf,
        clock,
        memory.deliveries,
    )
    server = Server("127.0.0.1", 0, clock, Seal((SECRET,), clock.real))
    # What slows a flood down would only slow the counting down.
    server.slow.rate = UNLIMITED
    made = House(server, memory, office, ending)
    made.port = await ending.enter_async_context(server.serving())
    return made


@asynccontextmanager
async def acting(database, plans, people=PEOPLE, fairness=None):
    made = await house(database, plans, people)
    try:
        await made.act(fairness)
        yield made
    finally:
        await made.stop()


def plan(channel="C0ROLLOUT", name="sample"):
    return sample_plan(name, channel)


@dataclass(frozen=True)
class Captured:
    """A request as it went over the wire: what is sent again is these very bytes."""

    body: bytes
    kind: str = FORM
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "POST"
    path: str = PATH

    def wire(self):
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {self.kind}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body

    def with_header(self, name, value):
        rest = tuple(each for each in self.headers if each[0] != name)
        return replace(self, headers=rest if value is None else (*rest, (name, value)))


def signed(body, kind=FORM, *, secret=SECRET, stamp=None):
    moment = str(int(time.time()) if stamp is None else stamp)
    mark = hmac.new(secret, b"v0:" + moment.encode() + b":" + body, hashlib.sha256).hexdigest()
    return Captured(body, kind, (("X-Slack-Request-Timestamp", moment), ("X-Slack-Signature", f"v0={mark}")))


def again(captured, ahead):
    """The same delivery signed at another moment, as Slack does when it tries again."""
    return signed(captured.body, captured.kind, stamp=int(time.time()) + ahead)


def command(text, trigger, user=ENGINEER, channel="C0ROLLOUT", **other):
    fields = {
        "team_id": TEAM,
        "channel_id": channel,
        "channel_name": "rollout-room",
        "user_id": user,
        "command": "/rollout",
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": "http://127.0.0.1:9/response",
        "trigger_id": trigger,
    }
    return fields | other


def typed(text, trigger, user=ENGINEER, channel="C0ROLLOUT", **other):
    return signed(urlencode(command(text, trigger, user, channel, **other)).encode())


def interaction(kind, trigger, user=ENGINEER):
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "gitguard"},
        "user": {"id": user, "username": "engineer", "team_id": TEAM},
        "api_app_id": APP,
        "trigger_id": trigger,
    }


def clicked(move, button, trigger, user=ENGINEER):
    action = {"type": "button", "action_id": f"rollout:{move}", "block_id": "b", "value": button}
    more = {"container": {"type": "message", "message_ts": "1.1", "channel_id": "C0ROLLOUT"}, "actions": [action]}
    return interaction("block_actions", trigger, user) | more | {"channel": {"id": "C0ROLLOUT", "name": "rollout-room"}}


def sent(move, button, trigger, user=ENGINEER):
    block = {"type": "input", "block_id": "reason"}
    values = {"reason": {"reason": {"type": "plain_text_input", "value": "it looks odd"}}}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": f"rollout:{move}",
        "private_metadata": button,
        "blocks": [block],
    }
    return interaction("view_submission", trigger, user) | {"view": view | {"state": {"values": values}}}


def mentioned(text, event, user=ENGINEER):
    said = {"type": "app_mention", "user": user, "text": f"<@U0ROLLOUTBOT> {text}", "channel": "C0ROLLOUT", "ts": "1.1"}
    return {"team_id": TEAM, "api_app_id": APP, "event": said, "type": "event_callback", "event_id": event}


def as_form(payload):
    return signed(urlencode({"payload": json.dumps(payload)}).encode())


def as_json(payload):
    return signed(json.dumps(payload).encode(), JSON)


@dataclass
class Wire:
    """One kept connection; opened anew when the server has closed it."""

    port: int
    _streams: tuple | None = None

    async def send(self, captured):
        """The status and the body of the answer."""
        return await self.raw(captured.wire())

    async def raw(self, data):
        for attempt in range(2):
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._streams
            try:
                writer.write(data)
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.close()
                if attempt:
                    raise
                continue
            return await self._rest(reader, head.decode("latin-1").lower())
        raise AssertionError("never reached")

    async def _rest(self, reader, head):
        status = int(head.split(" ", 2)[1])
        length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        if "connection: close" in head:
            await self.close()
        return status, body.decode()

    async def close(self):
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Counted:
    """Statuses by how often they were answered."""

    by_status: dict[int, int] = field(default_factory=dict)

    def add(self, status):
        self.by_status[status] = self.by_status.get(status, 0) + 1

    def __str__(self):
        return ", ".join(f"{count} x {status}" for status, count in sorted(self.by_status.items()))


def rows(database):
    """Every row of every table but the lease's, whose holder renews it."""
    with sqlite3.connect(f"file:{Path(database)}?mode=ro", uri=True) as opened_file:
        tables = [name for (name,) in opened_file.execute("select name from sqlite_master where type = 'table'")]
        return {name: opened_file.execute(f"select * from {name}").fetchall() for name in tables if name != "lease"}  # noqa: S608 - names from the schema


def happened(database, *kinds):
    """How many ledger entries of these kinds there are."""
    marks = ", ".join("?" * len(kinds))
    with sqlite3.connect(f"file:{Path(database)}?mode=ro", uri=True) as opened_file:
        return opened_file.execute(f"select count(*) from ledger where kind in ({marks})", kinds).fetchone()[0]  # noqa: S608 - question marks alone
