"""Which channels somebody is in is asked of Slack, page by page, and never guessed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Unreachable
from commands.belonging import LIFE, SlackBelonging


class Slack:
    """A Web API of one method, with as many pages as it is given."""

    def __init__(self) -> None:
        self.pages: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.seconds = 0.0

    async def answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append({**request.query, **{name: str(value) for name, value in form.items()}})
        return web.json_response(self.pages[min(len(self.asked), len(self.pages)) - 1])


def page(*names: str, cursor: str = "") -> dict[str, Any]:
    channels = [{"id": f"C0{name.upper()}", "name": name} for name in names]
    return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": cursor}}


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    slack = Slack()
    app = web.Application()
    app.router.add_route("*", "/users.conversations", slack.answer)
    async with TestServer(app) as server:
        client = AsyncWebClient(token="xoxb-test", base_url=str(server.make_url("/")))
        slack.belonging = SlackBelonging(client, lambda: slack.seconds)  # type: ignore[attr-defined]
        yield slack


async def test_ids_and_names_of_every_page_are_known(slack: Any) -> None:
    slack.pages = [page("rollout", cursor="more"), page("general")]
    assert await slack.belonging.rooms_of("U0DANA") == {"C0ROLLOUT", "#rollout", "C0GENERAL", "#general"}
    assert [each.get("user") for each in slack.asked] == ["U0DANA", "U0DANA"]
    assert slack.asked[1]["cursor"] == "more"
    assert slack.asked[0]["types"] == "public_channel,private_channel"


async def test_it_is_remembered_for_moments_only(slack: Any) -> None:
    slack.pages = [page("rollout"), page()]
    await slack.belonging.rooms_of("U0DANA")
    slack.seconds = LIFE
    await slack.belonging.rooms_of("U0DANA")
    assert len(slack.asked) == 1
    slack.seconds = LIFE + 1
    assert await slack.belonging.rooms_of("U0DANA") == frozenset()


async def test_a_stranger_is_nowhere_and_any_other_no_is_unknown(slack: Any) -> None:
    slack.pages = [{"ok": False, "error": "user_not_found"}]
    assert await slack.belonging.rooms_of("U0NOBODY") == frozenset()
    slack.pages = [{"ok": False, "error": "missing_scope"}]
    with pytest.raises(Unreachable, match="missing_scope"):
        await slack.belonging.rooms_of("U0DANA")


async def test_a_failure_is_not_remembered(slack: Any) -> None:
    slack.pages = [{"ok": False, "error": "internal_error"}, page("rollout")]
    with pytest.raises(Unreachable):
        await slack.belonging.rooms_of("U0DANA")
    assert "#rollout" in await slack.belonging.rooms_of("U0DANA")
