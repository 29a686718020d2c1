"""Who the bot is and whom it knows, while Slack is silent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.people import Kind, Person
from bot.domain.plan import Guild
from bot.ports import DELIVERY, Delivery, Unreachable
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.kept import RehearsalKept
from commands.acquaintances import KEPT_AS, Acquaintances
from commands.directory import SlackDirectory
from commands.identity import Passport

TOLD = {"ok": True, "team_id": "T1", "user_id": "U0BOT", "bot_id": "B1", "user": "rollout", "url": "https://x/"}


class Slack:
    """A Slack that may be switched off or hang."""

    def __init__(self) -> None:
        self.up, self.hangs = True, False
        self.user: dict[str, Any] = {"id": "U0ANN", "team_id": "T1", "name": "ann"}

    async def answer(self, request: web.BaseRequest) -> web.Response:
        if self.hangs:
            await asyncio.sleep(30)
        if not self.up:
            return web.Response(status=503)
        method = request.path.rpartition("/")[2]
        return web.json_response(TOLD if method == "auth.test" else {"ok": True, "user": self.user})


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
async def client(slack: Slack) -> AsyncIterator[AsyncWebClient]:
    runner = web.ServerRunner(web.Server(slack.answer), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield AsyncWebClient("xoxb-1", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/api/")
    await runner.cleanup()


@pytest.fixture
def clock() -> RehearsalClock:
    return RehearsalClock()


async def test_who_we_are_is_known_from_the_last_time(slack: Slack, client: AsyncWebClient) -> None:
    kept = RehearsalKept()
    passport = Passport(client, kept)
    assert await passport.last() is None
    told = await passport.now()
    slack.up = False
    again = Passport(client, kept)
    assert await again.last() == told
    assert told["team_id"] == "T1"
    assert "xoxb" not in str(await kept.get("slack-identity"))


async def test_another_token_is_nobody_from_the_last_time(client: AsyncWebClient) -> None:
    kept = RehearsalKept()
    await Passport(client, kept).now()
    assert await Passport(AsyncWebClient("xoxb-2"), kept).last() is None


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_known_person_may_read_and_hold_while_slack_is_silent(
    slack: Slack, client: AsyncWebClient, clock: RehearsalClock, hangs: bool
) -> None:
    kept, guilds = RehearsalKept(), {"devops": Guild("", ("U0ANN",), "DevOps")}
    directory = SlackDirectory(client, known=Acquaintances(kept, clock.real))
    assert (await directory.person("U0ANN", {})).kind is Kind.FULL
    async with asyncio.timeout(2):
        while not await kept.get(KEPT_AS):
            await asyncio.sleep(0)
    slack.up, slack.hangs = hangs, hangs
    later = SlackDirectory(client, known=Acquaintances(kept, clock.real))
    async with asyncio.timeout(2):
        assert await later.person("U0ANN", {}) == Person("U0ANN", "ann")
        assert await later.person("U0ANN", {}) == Person("U0ANN", "ann")
    with pytest.raises(Unreachable):
        await later.person("U0BOB", {})
    # A yes counts on nothing that is remembered, be the guild's members written in the plan or not.
    if not hangs:
        with pytest.raises(Unreachable):
            await later.person("U0ANN", guilds)
    clock.advance(timedelta(days=1, seconds=1))
    with pytest.raises(Unreachable):
        await later.person("U0ANN", {})


async def test_who_is_no_full_member_any_more_is_forgotten(
    slack: Slack, client: AsyncWebClient, clock: RehearsalClock
) -> None:
    kept = RehearsalKept()
    known = Acquaintances(kept, clock.real)
    await SlackDirectory(client, known=known).person("U0ANN", {})
    await asyncio.sleep(0.01)
    assert await known.last("U0ANN")
    slack.user = slack.user | {"deleted": True}
    await SlackDirectory(client, known=known).person("U0ANN", {})
    await asyncio.sleep(0.01)
    assert await known.last("U0ANN") is None


async def test_what_is_written_down_is_written_seldom(clock: RehearsalClock) -> None:
    class Counting(RehearsalKept):
        puts = 0

        async def put(self, name: str, text: str) -> None:
            self.puts += 1
            await super().put(name, text)

    kept = Counting()
    known = Acquaintances(kept, clock.real)
    for _ in range(20):
        known.met(Person("U0ANN", "ann"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        clock.advance(timedelta(minutes=10))
    assert kept.puts == 4


async def test_a_note_of_who_asked_is_not_what_was_asked(clock: RehearsalClock) -> None:
    """Else a crash before the move would have Slack's next try answered as a repeat of what never happened."""
    served: list[object] = []

    class Noting(RehearsalKept):
        async def put(self, name: str, text: str) -> None:
            served.append(DELIVERY.get())
            await super().put(name, text)

    kept, mine = Noting(), Delivery(("body:1",))
    token = DELIVERY.set(mine)
    try:
        Acquaintances(kept, clock.real).met(Person("U0ANN", "ann"))
    finally:
        DELIVERY.reset(token)
    async with asyncio.timeout(2):
        while not served:
            await asyncio.sleep(0)
    assert served == [None]
