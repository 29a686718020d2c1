"""Alarms by mail and webhook: told once, again until taken, once when it is over, and nothing waits for them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_string
from typing import Any

import pytest
from aiohttp import web

from bot.alarms import TRIES, Alarms, Alert, Mail, NotTaken, Webhook
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.kept import RehearsalKept


@dataclass
class Deaf:
    """A channel that takes nothing for a while."""

    for_times: int = 0
    heard: list[Alert] = field(default_factory=list)
    asked: int = 0

    async def tell(self, alert: Alert) -> None:
        self.asked += 1
        if self.asked <= self.for_times:
            raise NotTaken("webhook: 503")
        self.heard.append(alert)


async def settled(alarms: Alarms) -> None:
    async with asyncio.timeout(5):
        while alarms._running:
            await asyncio.sleep(0)


async def test_a_trouble_is_told_once_and_once_when_it_is_over() -> None:
    channel, kept = Deaf(for_times=3), RehearsalKept()
    alarms = Alarms([channel], kept, RehearsalClock())
    alarms.over("socket", "never told of")
    alarms.trouble("socket", "no socket")
    alarms.trouble("socket", "no socket")
    await settled(alarms)
    # Another process, after a restart, does not tell it again.
    later = Alarms([channel], kept, RehearsalClock())
    later.trouble("socket", "no socket")
    later.over("socket", "connected again")
    later.over("socket", "connected again")
    await settled(later)
    assert [(each.state, each.text) for each in channel.heard] == [
        ("standing", "no socket"),
        ("over", "connected again"),
    ]


async def test_a_channel_that_takes_nothing_keeps_no_other_waiting_and_is_given_up() -> None:
    deaf, good = Deaf(for_times=1000), Deaf()
    alarms = Alarms([deaf, good], RehearsalKept(), RehearsalClock())
    alarms.trouble("socket", "no socket")
    assert not good.heard
    await settled(alarms)
    assert (deaf.asked, len(good.heard)) == (TRIES, 1)


async def test_what_nobody_took_is_told_when_it_comes_up_again() -> None:
    channel, kept = Deaf(for_times=TRIES), RehearsalKept()
    alarms = Alarms([channel], kept, RehearsalClock())
    alarms.trouble("socket", "no socket")
    await settled(alarms)
    assert not channel.heard
    later = Alarms([channel], kept, RehearsalClock())
    later.trouble("socket", "no socket")
    await settled(later)
    assert [each.state for each in channel.heard] == ["standing"]


@pytest.fixture
async def hook() -> AsyncIterator[tuple[str, list[Any]]]:
    heard: list[Any] = []

    async def hear(request: web.BaseRequest) -> web.Response:
        if request.path == "/away":
            raise web.HTTPFound("/hook")
        heard.append(await request.json())
        return web.Response(status=204)

    runner = web.ServerRunner(web.Server(hear))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    await runner.cleanup()


async def test_a_webhook_takes_json_and_no_redirect_is_followed(hook: tuple[str, list[Any]]) -> None:
    url, heard = hook
    alert = Alert("socket", "standing", "no socket", "2025-09-01T08:00:00+00:00")
    await Webhook(f"{url}/hook").tell(alert)
    with pytest.raises(NotTaken, match="webhook: 302"):
        await Webhook(f"{url}/away").tell(alert)
    assert heard == [{"name": "socket", "state": "standing", "text": "no socket", "at": "2025-09-01T08:00:00+00:00"}]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook?secret=hidden", "http://user:hidden@[/", "nonsense"])
async def test_what_goes_wrong_shows_no_address(url: str) -> None:
    for channel in (Webhook(url), Mail("smtp://bot:hidden@127.0.0.1:9", "bot@example.org", "ops@example.org")):
        with pytest.raises(NotTaken) as no:
            await channel.tell(Alert("socket", "standing", "no socket", "now"))
        assert "hidden" not in str(no.value)
        assert "127.0.0.1" not in str(no.value)


async def test_a_mail_arrives_whole() -> None:
    mails: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        body: list[str] | None = None
        while line := (await reader.readline()).decode():
            if body is not None:
                if line == ".\r\n":
                    mails.append("".join(body))
                    body = None
                    writer.write(b"250 taken\r\n")
                else:
                    body.append(line)
            elif line.startswith("DATA"):
                body = []
                writer.write(b"354 go on\r\n")
            elif line.startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 fine\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await Mail(f"smtp://127.0.0.1:{port}", "bot@example.org", "ops@example.org").tell(
        Alert("slack-socket", "standing", "The bot has no connection to Slack.", "2025-09-01T08:00:00+00:00")
    )
    server.close()
    (mail,) = map(message_from_string, mails)
    assert (mail["To"], mail["Subject"]) == ("ops@example.org", "[rollout] slack-socket: standing")
    assert "no connection to Slack" in str(mail.get_payload())
