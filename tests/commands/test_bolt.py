"""The door in a real Bolt app, over a real socket to the local Slack: typed, pressed, sent and mentioned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.domain.plan import Guild
from bot.domain.rollout import State
from commands.directory import SlackDirectory
from commands.door import Door, bolt_app, open_door
from sandbox.clock import SandboxClock
from sandbox.targets import NoTargets
from sandbox.workspace.delivery import Timing
from sandbox.workspace.grants import grants_of
from sandbox.workspace.server import LOCAL, build_workspace, running
from tests.commands.conftest import House, sample_plan
from tests.sandbox.conftest import Hands, Running

ROOM = "C0ROLLOUT"
DANA, OMAR, PRIYA, STAN, GWEN = "U0DANA", "U0OMAR", "U0PRIYA", "U0STAN", "U0GWEN"


@dataclass
class Place:
    slack: Running
    house: House
    door: Door

    async def type(self, user: str, text: str) -> dict[str, Any]:
        return await self.slack.post("command", user=user, channel=ROOM, command="/rollout", text=text)

    async def whispers(self, user: str) -> list[str]:
        await self.door.settle()
        return [row["text"] for row in (await self.slack.get("ephemerals", user=user))["ephemerals"]]

    async def card(self, *meanings: Any) -> str:
        """A message with these buttons, as the card would have them."""
        ids = await self.house.buttons.ids(meanings)
        buttons = [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": meaning.move},
                "action_id": f"rollout:{meaning.move}",
                "value": button,
            }
            for meaning, button in zip(meanings, ids, strict=True)
        ]
        blocks = [{"type": "actions", "elements": buttons}]
        return str((await self.slack.web.chat_postMessage(channel=ROOM, text="card", blocks=blocks))["ts"])

    async def click(self, user: str, ts: str, move: str) -> dict[str, Any]:
        return await self.slack.post("click", user=user, channel=ROOM, ts=ts, action_id=f"rollout:{move}")


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        hands = Hands()
        app = build_workspace(SandboxClock(), NoTargets(), monotonic=hands, grants=grants_of(), timing=Timing())
        base = await stack.enter_async_context(running(app))
        session = await stack.enter_async_context(ClientSession())
        await session.get(f"{base}/drive/people")
        slack = Running(base, app[LOCAL], session, hands, await stack.enter_async_context(AsyncExitStack()))
        guilds = {
            "devops": Guild("gitguard-devops", (), "DevOps"),
            "platform-security": Guild("gitguard-security", (), "Security"),
        }
        house = House(replace(sample_plan(channel="#gitguard-rollout"), guilds=guilds))
        directory = SlackDirectory(slack.web)
        proposals = replace(house.office.proposals, directory=directory)
        office = replace(house.office, directory=directory, proposals=proposals)
        told = await slack.web.auth_test()
        bolt = bolt_app(slack.web, {name: str(told[name]) for name in ("team_id", "user_id", "bot_id")})
        door = open_door(bolt, office, slack.web)
        stack.push_async_callback(door.close)
        await slack.connect(bolt)
        yield Place(slack, house, door)


async def test_a_command_is_answered_by_its_acknowledgement(place: Place) -> None:
    done = await place.type(DANA, "start canary")
    assert done["ok"]
    assert "canary comes after staging" in done["response"]["text"]
    assert done["response"]["blocks"][-2]["elements"][0]["action_id"].startswith("rollout:preview")
    assert done["response"]["blocks"][-1]["elements"][0]["text"] == "Code: order"
    assert done["ack_ms"] < 3000


async def test_a_phase_is_proposed_approved_and_started_by_people(place: Place) -> None:
    assert "staging is proposed" in (await place.type(DANA, "start staging"))["response"]["text"]
    await place.house.read_gates()
    ts = await place.card(
        await place.house.meaning("approve", subject="platform-security"),
        await place.house.meaning("start"),
        await place.house.meaning("deny"),
    )
    clicked = await place.click(PRIYA, ts, "approve")
    assert clicked["ok"]
    assert clicked["response"] is None
    assert await place.whispers(PRIYA) == []
    await place.click(STAN, ts, "approve")
    assert ["Only members of" in text for text in await place.whispers(STAN)] == [True]
    assert "approved" in (await place.type(OMAR, "approve"))["response"]["text"]
    await place.click(DANA, ts, "start")
    assert (await place.house.run("staging")).state is State.SOAKING
    await place.click(PRIYA, ts, "deny")
    (late,) = await place.whispers(PRIYA)
    assert "Meanwhile staging was started" in late
    assert "<@U0DANA>" in late


async def test_a_denial_by_form_is_refused_beside_its_field_and_then_taken(place: Place) -> None:
    await place.type(DANA, "start staging")
    ts = await place.card(await place.house.meaning("deny"))
    await place.click(STAN, ts, "deny")
    assert (await place.slack.get("views", user=STAN))["views"] == []
    assert "Only members of" in (await place.whispers(STAN))[0]
    await place.click(PRIYA, ts, "deny")
    (view,) = (await place.slack.get("views", user=PRIYA))["views"]
    refused = await place.slack.post("submit", user=PRIYA, view_id=view["id"], values={"reason": "    "})
    assert refused["response_action"] == "errors"
    assert "needs a reason" in refused["errors"]["reason"]
    taken = await place.slack.post("submit", user=PRIYA, view_id=view["id"], values={"reason": "not <yet>"})
    assert taken["response_action"] is None
    assert (await place.house.run("staging")).locked == "denied: not <yet>"


async def test_a_form_whose_time_is_over_is_told(place: Place) -> None:
    await place.type(DANA, "start staging")
    ts = await place.card(await place.house.meaning("deny"))
    place.slack.local.faults = replace(place.slack.local.faults, expire_triggers=True)
    await place.click(PRIYA, ts, "deny")
    assert "time for opening the form was over" in (await place.whispers(PRIYA))[0]


async def test_gates_are_read_after_the_answer_and_told_in_the_channel(place: Place) -> None:
    done = await place.type(STAN, "gates run canary")
    assert "the answer comes in this channel" in done["response"]["text"]
    await place.door.settle()
    (message,) = (await place.slack.get("messages", channel=ROOM))["messages"]
    assert "canary" in message["text"]


async def test_elsewhere_the_channel_with_a_plan_is_named(place: Place) -> None:
    done = await place.slack.post("command", user=DANA, channel="C0GENERAL", command="/rollout", text="status")
    assert "#gitguard-rollout" in done["response"]["text"]


async def test_a_verb_without_its_reason_opens_the_form(place: Place) -> None:
    await place.type(DANA, "start staging")
    done = await place.type(STAN, "hold")
    assert done["ok"]
    assert not done["response"]
    (view,) = (await place.slack.get("views", user=STAN))["views"]
    assert view["callback_id"] == "rollout:hold"
    await place.slack.post("submit", user=STAN, view_id=view["id"], values={"reason": "odd graphs"})
    held = (await place.house.run("staging")).hold
    assert held
    assert held.reason == "odd graphs"


async def test_a_mention_in_a_thread_works_as_the_command_does(place: Place) -> None:
    await place.type(DANA, "start staging")
    parent = str((await place.slack.web.chat_postMessage(channel=ROOM, text="card"))["ts"])
    await place.slack.post("mention", user=OMAR, channel=ROOM, thread_ts=parent, text="hold odd &amp; slow")
    async with asyncio.timeout(5):
        while not (rows := (await place.slack.get("ephemerals", user=OMAR))["ephemerals"]):
            await place.door.settle()
    (row,) = rows
    assert "staging is held" in row["text"]
    assert row["thread_ts"] == parent
    held = (await place.house.run("staging")).hold
    assert held
    assert held.by == OMAR


async def test_a_guest_may_nothing(place: Place) -> None:
    assert "Guests, bots and people of another workspace" in (await place.type(GWEN, "status"))["response"]["text"]


async def test_what_slack_delivers_twice_is_done_and_told_once(place: Place) -> None:
    await place.type(DANA, "start staging")
    ts = await place.card(await place.house.meaning("approve", subject="devops"))
    place.slack.local.faults = replace(place.slack.local.faults, duplicate_deliveries=True)
    await place.click(STAN, ts, "approve")
    assert "the answer comes in this channel" in (await place.type(OMAR, "gates run canary"))["response"]["text"]
    for _ in range(5):
        assert len(await place.whispers(STAN)) == 1
    messages = (await place.slack.get("messages", channel=ROOM))["messages"]
    assert sum("measured gate" in message["text"] for message in messages) == 1


async def test_words_that_look_like_markup_reach_nobody_as_a_mention(place: Place) -> None:
    await place.type(DANA, "start staging")
    await place.type(STAN, "hold <!channel> look @priya")
    answer = await place.type(OMAR, "why")
    shown = str(answer["response"])
    assert "<!channel>" not in shown
    assert "<@U0PRIYA>" not in shown
    held = (await place.house.run("staging")).hold
    assert held
    assert held.reason == "<!channel> look @priya"
