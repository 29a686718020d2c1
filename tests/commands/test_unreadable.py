"""What a proxy before Slack may answer: pages, lines of text, broken JSON; none of it is a bug of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.ports import Unreachable
from commands.directory import SlackDirectory
from commands.evidence import SlackCourier
from commands.home import SlackTabs
from commands.slackclient import SlackClient
from commands.slackside import SlackHands
from commands.watching import Refused, SlackLine

JSON: Final = "application/json"
ANSWERS: Final = {
    "a line of a proxy": (503, "text/plain", b"upstream connect error or disconnect/reset before headers"),
    "a line, as if all were well": (200, "text/plain", b"ok"),
    "a page": (502, "text/html", b"<html>Bad Gateway</html>"),
    "half of an object": (200, JSON, b'{"ok": tr'),
    "a page that says it is JSON": (502, JSON, b"<html>"),
    "a list": (200, JSON, b"[]"),
    "null": (500, JSON, b"null"),
    "bytes of no text": (200, JSON, b'{"ok": "\xff\xfe"}'),
    "nothing": (500, JSON, b""),
}


@asynccontextmanager
async def answering(status: int, kind: str, body: bytes) -> AsyncIterator[SlackClient]:
    async def handle(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=body, content_type=kind)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield SlackClient("xoxb-1", f"http://127.0.0.1:{runner.addresses[0][1]}/api/")
    finally:
        await runner.cleanup()


@pytest.fixture(params=ANSWERS.values(), ids=list(ANSWERS))
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[SlackClient]:
    async with answering(*request.param) as client:
        yield client


async def test_nobody_is_known_and_nothing_breaks(slack: SlackClient) -> None:
    with pytest.raises(Unreachable):
        await SlackDirectory(slack).person("U1", {})
    with pytest.raises(Unreachable):
        await SlackHands(slack).name_of("C1")


async def test_no_socket_is_a_refusal_that_the_watch_outlives(slack: SlackClient) -> None:
    async def listen(*_: object) -> None:
        """Nothing arrives."""

    line = SlackLine(slack, "xapp-1", listen)
    try:
        with pytest.raises((Refused, aiohttp.ClientError)):
            await line.connect()
    finally:
        await line.close()


async def test_a_form_and_a_tab_are_refused_in_words(slack: SlackClient) -> None:
    assert await SlackHands(slack).open_modal("1.2", {"type": "modal"}) is not None
    assert await SlackTabs(slack).publish("U1", {"type": "home"}) >= 0.0


async def test_a_file_is_refused_in_words() -> None:
    async with answering(*ANSWERS["a line of a proxy"]) as slack:
        assert await SlackCourier(slack).hand("C1", "1.1", "a.zip", b"PK", "words") != ""


async def test_who_we_are_is_asked_again(slack: SlackClient) -> None:
    """`Passport` asks again at exactly these."""
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await slack.auth_test()
