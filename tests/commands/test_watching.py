"""A socket that is silent, stuck or refused is noticed within a minute, told once, and made anew."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
import pytest

from bot.rehearsal.clock import START, RehearsalClock
from commands.slackclient import SlackClient
from commands.watching import Refused, SlackLine, Watch


class Enough(Exception):  # noqa: N818 - the end of a story
    """The story is over."""


@dataclass
class Told:
    """What people beyond Slack heard, and when."""

    clock: RehearsalClock
    heard: list[tuple[float, str, str]] = field(default_factory=list)

    def trouble(self, name: str, text: str) -> None:
        self.heard.append((self.seconds, name, text))

    def over(self, name: str, text: str) -> None:
        self.heard.append((self.seconds, f"{name} over", text))

    @property
    def seconds(self) -> float:
        return (self.clock.real() - START).total_seconds()


@dataclass
class Line:
    """A client whose socket lives until `dies`; how it is then is `signs_after`."""

    clock: RehearsalClock
    dies: datetime
    ends: datetime
    refuses: Exception | None = None
    closed_by_slack: bool = False
    goodbye: str = ""
    closed: bool = False

    async def connect(self) -> None:
        if self.clock.real() >= self.ends:
            raise Enough
        if self.refuses:
            raise self.refuses

    async def signs(self) -> int:
        now = self.clock.real()
        if now >= self.ends:
            raise Enough
        if now < self.dies:
            return int((now - START).total_seconds()) // 5 + 1
        return -1 if self.closed_by_slack else int((self.dies - START).total_seconds()) // 5

    async def close(self) -> None:
        self.closed = True


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def watched(clock: RehearsalClock, told: Told, *lines: Line) -> list[str]:
    """Watch these lines one after the other, the last one over and over; answers what was marked."""
    waiting, marks = list(lines), list[str]()

    def make() -> Line:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    with pytest.raises(Enough):
        await Watch(make, clock, told, marks.append).run()
    assert all(line.closed for line in lines)
    return marks


@pytest.fixture
def clock() -> RehearsalClock:
    return RehearsalClock()


@pytest.fixture
def told(clock: RehearsalClock) -> Told:
    return Told(clock)


@pytest.mark.parametrize(("closed", "words"), [(False, "silent"), (True, "closed (link_disabled)")])
async def test_a_socket_without_signs_of_life_is_told_within_a_minute_and_made_anew(
    clock: RehearsalClock, told: Told, closed: bool, words: str
) -> None:
    first = Line(clock, after(100), after(500), closed_by_slack=closed, goodbye="link_disabled")
    marks = await watched(clock, told, first, Line(clock, after(400), after(300)))
    (at, name, text), (_, over, _) = told.heard[1:3]
    assert (name, over) == ("slack-socket", "slack-socket over")
    assert words in text
    assert 100 < at <= 130
    assert marks == ["", "disconnected", ""]


@pytest.mark.parametrize("no", [Refused("Slack opens no socket: link_disabled"), aiohttp.ClientError(), TimeoutError()])
async def test_a_refused_socket_is_told_once_and_tried_on(clock: RehearsalClock, told: Told, no: Exception) -> None:
    refused = Line(clock, START, after(600), refuses=no)
    marks = await watched(clock, told, refused)
    ((at, name, _),) = told.heard
    assert name == "slack-socket"
    assert at <= 60
    assert 30 < len(marks) < 60
    assert set(marks) == {"disconnected"}


async def test_slack_that_asks_to_be_left_alone_is_left_alone(clock: RehearsalClock, told: Told) -> None:
    refused = Line(clock, START, after(600), refuses=Refused("Slack opens no socket: ratelimited", 45.0))
    assert len(await watched(clock, told, refused)) <= 14


async def test_a_hiccup_is_told_to_nobody(clock: RehearsalClock, told: Told) -> None:
    # Slack closes it, the client opens another by itself: signs are missing for eleven seconds.
    class Hiccup(Line):
        async def signs(self) -> int:
            gone = after(100) <= self.clock.real() < after(111)
            return -1 if gone else await super().signs()

    marks = await watched(clock, told, Hiccup(clock, after(400), after(300)))
    assert marks == [""]
    assert [name for _, name, _ in told.heard] == ["slack-socket over"]


async def test_a_client_that_does_not_connect_is_given_up(clock: RehearsalClock, told: Told) -> None:
    class Stuck(Line):
        async def connect(self) -> None:
            await asyncio.Event().wait()

    watch = Watch(lambda: Stuck(clock, START, after(600)), clock, told, lambda _: None)
    watch.connects_within = 0.01
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(10):
        while not told.heard:
            await asyncio.sleep(0.01)
    task.cancel()
    assert "cannot be reached" in told.heard[0][2]


async def _mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Slack as a network that swallows everything leaves it: it opens a socket, and says nothing ever after."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    if "apps.connections.open" in head:
        port = writer.get_extra_info("sockname")[1]
        body = f'{{"ok": true, "url": "ws://127.0.0.1:{port}/"}}'.encode()
        kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        writer.write(kind + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()
        return
    key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    accepted = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324 - the protocol's
    upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    writer.write(f"{upgrade}Sec-WebSocket-Accept: {base64.b64encode(accepted).decode()}\r\n\r\n".encode())


async def test_a_silent_socket_that_is_given_up_leaves_nothing_behind() -> None:
    async def listen(*_: object) -> None:
        """Nothing arrives."""

    server = await asyncio.start_server(_mute, "127.0.0.1", 0)
    async with server:
        before = asyncio.all_tasks()
        line = SlackLine(
            SlackClient("xoxb-1", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), "xapp", listen
        )
        await line.connect()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.close(), 0.1)
        async with asyncio.timeout(2):
            while asyncio.all_tasks() - before:
                await asyncio.sleep(0.01)
        assert line._client.aiohttp_client_session.closed
