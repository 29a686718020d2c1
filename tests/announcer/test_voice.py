"""The voice against the local Slack: what each of Slack's answers means to the announcer."""

from contextlib import AsyncExitStack

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.announcer import EVENT, Gone, NotSent, Paced, Refused
from bot.ports import Unreachable
from bot.views.blocks import section
from bot.views.message import Message
from bot.voice import SlackVoice
from sandbox.clock import SandboxClock
from sandbox.targets import NoTargets
from sandbox.workspace.delivery import Timing
from sandbox.workspace.faults import Faults
from sandbox.workspace.grants import Grants
from sandbox.workspace.server import LOCAL, build_workspace, running

ROOM = "#gitguard-rollout"
HELLO = Message("Hello.", (section("Hello."),))


class Seconds:
    """They pass on every look, so that the local Slack's own pace is not what is tested."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 5
        return self.now


def marked(key):
    return {"event_type": EVENT, "event_payload": {"key": key}}


@pytest.fixture
async def local():
    async with AsyncExitStack() as stack:
        app = build_workspace(SandboxClock(), NoTargets(), monotonic=Seconds(), grants=Grants(), timing=Timing())
        base = await stack.enter_async_context(running(app))
        slack = app[LOCAL]
        slack.base = f"{base}/api/"
        yield slack


@pytest.fixture
def voice(local):
    return SlackVoice.beside(AsyncWebClient(token=local.tokens.bot, base_url=local.base))


async def test_a_post_is_found_again_by_its_key_in_the_channel_and_in_the_thread(voice):
    card = await voice.post(ROOM, HELLO, None, marked("card"))
    note = await voice.post(ROOM, HELLO, card, marked("note"))
    assert await voice.history_has(ROOM, "card", None) == card
    assert await voice.history_has(ROOM, "note", card) == note
    assert await voice.history_has(ROOM, "note", None) is None
    assert await voice.history_has(ROOM, "other", card) is None


async def test_a_direct_message_is_found_again_and_edited_after_a_restart(voice, local):
    ts = await voice.post("U0OMAR", HELLO, None, marked("direct"))
    later = SlackVoice.beside(AsyncWebClient(token=local.tokens.bot, base_url=local.base))
    assert await later.history_has("U0OMAR", "direct", None) == ts
    assert await later.history_has("U0DANA", "direct", None) is None
    await later.update("U0OMAR", ts, Message("Changed.", (section("Changed."),)))
    place = (await later.client.conversations_open(users="U0OMAR"))["channel"]["id"]
    (message,) = (await later.client.conversations_history(channel=place))["messages"]
    assert message["text"] == "Changed."


async def test_a_message_is_edited_and_pinned_by_the_channels_name_after_a_restart(voice, local):
    ts = await voice.post(ROOM, HELLO, None, marked("card"))
    later = SlackVoice.beside(AsyncWebClient(token=local.tokens.bot, base_url=local.base))
    await later.update(ROOM, ts, Message("Changed.", (section("Changed."),)))
    await later.pin(ROOM, ts)
    await later.pin(ROOM, ts)
    channel = (await later.client.conversations_list())["channels"]
    found = next(each for each in channel if f"#{each['name']}" == ROOM)
    history = (await later.client.conversations_history(channel=found["id"]))["messages"]
    assert history[0]["text"] == "Changed."


async def test_a_missing_message_or_thread_is_gone(voice):
    with pytest.raises(Gone):
        await voice.update(ROOM, "1.000001", HELLO)
    with pytest.raises(Gone):
        await voice.post(ROOM, HELLO, "1.000001", marked("a"))


async def test_definite_noes_are_refusals(voice):
    with pytest.raises(Refused, match="channel_not_found"):
        await voice.post("#nowhere", HELLO, None, marked("a"))
    with pytest.raises(Refused, match="channel_not_found"):
        await voice.update("#nowhere", "1.0", HELLO)
    with pytest.raises(Refused, match="invalid_blocks"):
        await voice.post(ROOM, Message("x", ({"type": "nonsense"},)), None, marked("a"))


async def test_slacks_bad_days_are_told_apart(voice, local):
    local.faults = Faults(rate_limit_next=1, retry_after=7)
    with pytest.raises(Paced) as paced:
        await voice.post(ROOM, HELLO, None, marked("a"))
    assert paced.value.seconds == 7
    local.faults = Faults(server_error_next=1)
    with pytest.raises(Unreachable):
        await voice.post(ROOM, HELLO, None, marked("b"))
    local.faults = Faults(lose_reply_next=1)
    with pytest.raises(Unreachable):
        await voice.post(ROOM, HELLO, None, marked("c"))
    local.faults = Faults()
    assert await voice.history_has(ROOM, "c", None)
    assert await voice.history_has(ROOM, "a", None) is None


async def test_a_closed_door_is_certainly_not_sent(unused_tcp_port):
    base = f"http://127.0.0.1:{unused_tcp_port}/api/"
    nobody = SlackVoice.beside(AsyncWebClient(token="xoxb-1", base_url=base))
    with pytest.raises(NotSent):
        await nobody.post(ROOM, HELLO, None, marked("a"))


def test_a_client_that_repeats_by_itself_is_not_accepted():
    with pytest.raises(ValueError, match="posts messages twice"):
        SlackVoice(AsyncWebClient(token="xoxb-1"))
