"""Delivery: deadlines, redelivery of events, one of several sockets, goodbyes, doubled and reordered payloads."""

import asyncio
import json
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from sandbox.workspace.delivery import Timing

CHANNEL = "C0ROLLOUT"
QUICK = Timing(ack_deadline=0.1, retry_pauses=(0.0, 0.02, 0.02))


class Socket:
    """A bare socket that acknowledges only when told to."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw

    async def next(self, seconds: float = 3.0) -> dict[str, Any]:
        return dict(await self.raw.receive_json(timeout=seconds))

    async def ack(self, frame: dict[str, Any], payload: Any = None) -> None:
        answer = {"envelope_id": frame["envelope_id"]} | ({"payload": payload} if payload else {})
        await self.raw.send_json(answer)


async def open_socket(slack: Any) -> Socket:
    opened = await slack.web.apps_connections_open(app_token=slack.local.tokens.app)
    socket = Socket(await slack.session.ws_connect(opened["url"]))
    assert (await socket.next())["type"] == "hello"
    return socket


def command(slack: Any, text: str = "status") -> "asyncio.Task[dict[str, Any]]":
    work = slack.post("command", user="dana", channel=CHANNEL, command="/rollout", text=text)
    return asyncio.create_task(work)


async def test_without_an_app_the_person_is_told(slack: Any) -> None:
    assert await command(slack) == {"ok": False, "error": "no_app_connected"}


async def test_an_app_that_is_too_slow_is_reported_and_the_command_is_not_repeated(start: Any) -> None:
    slack = await start(timing=QUICK)
    calls = []
    release = asyncio.Event()
    app: AsyncApp = slack.bolt()

    @app.command("/rollout")
    async def slow(ack: Any, body: Any) -> None:
        calls.append(body["trigger_id"])
        await release.wait()
        await ack()

    await slack.connect(app)
    assert await command(slack) == {"ok": False, "error": "timeout"}
    release.set()
    await asyncio.sleep(0.3)
    assert len(calls) == 1


async def test_an_unacknowledged_event_comes_again_with_its_number_and_reason(start: Any) -> None:
    slack = await start(timing=QUICK)
    socket = await open_socket(slack)
    await slack.post("mention", user="dana", channel=CHANNEL, text="hi")
    frames = [frame for frame in [await socket.next() for _ in range(8)] if is_mention(frame)]
    assert [(frame["retry_attempt"], frame["retry_reason"]) for frame in frames] == [
        (0, ""),
        (1, "timeout"),
        (2, "timeout"),
        (3, "timeout"),
    ]
    assert len({frame["payload"]["event_id"] for frame in frames}) == 1
    assert frames[0]["accepts_response_payload"] is False


def is_mention(frame: dict[str, Any]) -> bool:
    return bool(frame["type"] == "events_api" and frame["payload"]["event"]["type"] == "app_mention")


async def test_an_event_that_arrived_while_nobody_listened_is_kept_for_the_retry(start: Any) -> None:
    slack = await start(timing=Timing(1.0, (0.0, 0.5, 0.0)))
    await slack.post("mention", user="dana", channel=CHANNEL, text="hi")
    socket = await open_socket(slack)
    frame = await socket.next()
    assert (frame["retry_attempt"], frame["retry_reason"]) == (2, "connection_failed")


async def test_an_acknowledged_event_does_not_come_again(slack: Any) -> None:
    socket = await open_socket(slack)
    await slack.post("message", user="dana", channel=CHANNEL, text="hi")
    frame = await socket.next()
    await socket.ack(frame)
    async with asyncio.timeout(2):
        while slack.local.courier._tasks:
            await asyncio.sleep(0.005)
    done = command(slack)
    following = await socket.next()
    assert following["type"] == "slash_commands"
    assert "retry_attempt" not in following
    assert following["accepts_response_payload"] is True
    await socket.ack(following, {"text": "ok", "response_type": "in_channel"})
    assert (await done)["response"]["text"] == "ok"
    rows = (await slack.get("messages", channel=CHANNEL))["messages"]
    assert [row["text"] for row in rows] == ["hi", "ok"]


async def test_each_payload_goes_to_one_of_the_sockets(slack: Any) -> None:
    sockets = [await open_socket(slack), await open_socket(slack)]
    heard = []
    for number in range(4):
        done = command(slack, str(number))
        waiting = [asyncio.create_task(socket.next()) for socket in sockets]
        ready, idle = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (task,) = ready
        heard.append(waiting.index(task))
        # An answer counts from whichever socket it comes.
        await sockets[1 - heard[-1]].ack(task.result())
        for other in idle:
            other.cancel()
        assert (await done)["ok"]
        sockets = [await reopened(slack, socket) for socket in sockets]
    assert sorted(heard) == [0, 0, 1, 1]


async def reopened(slack: Any, socket: Socket) -> Socket:
    """A cancelled receive closes an aiohttp socket; both are opened anew in the same order."""
    await socket.raw.close()
    while slack.local.hub.connected > 1:
        await asyncio.sleep(0.005)
    return await open_socket(slack)


async def test_an_address_works_once_and_sockets_can_be_refused(slack: Any) -> None:
    opened = await slack.web.apps_connections_open(app_token=slack.local.tokens.app)
    async with slack.session.ws_connect(opened["url"]):
        pass
    try:
        await slack.session.ws_connect(opened["url"])
        status = 101
    except aiohttp.WSServerHandshakeError as refusal:
        status = refusal.status
    assert status == 403


async def test_a_goodbye_makes_the_sdk_come_back(slack: Any) -> None:
    heard: list[str] = []
    client = SocketModeClient(slack.local.tokens.app, web_client=slack.client(None), ping_interval=1)

    async def listen(client: Any, request: SocketModeRequest) -> None:
        heard.append(request.payload["text"])
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, {"text": "yes"}))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call] # the SDK leaves it untyped
    slack.stack.push_async_callback(client.close)
    assert (await command(slack, "before"))["response"] == {"text": "yes"}
    before = await client.session_id()
    await slack.post("faults", disconnect="refresh_requested")
    async with asyncio.timeout(5):
        while slack.local.hub.connected == 0:
            await asyncio.sleep(0.01)
    assert await client.session_id() != before
    assert (await command(slack, "after"))["ok"]
    assert heard == ["before", "after"]


async def test_with_refused_sockets_a_goodbye_leaves_nobody(slack: Any) -> None:
    socket = await open_socket(slack)
    await slack.post("faults", refuse_sockets=True, disconnect="link_disabled")
    frame = await socket.next()
    assert (frame["type"], frame["reason"]) == ("disconnect", "link_disabled")
    assert await command(slack) == {"ok": False, "error": "no_app_connected"}
    assert (await slack.get("faults"))["sockets"] == 0


async def test_a_warned_socket_still_gets_payloads(slack: Any) -> None:
    socket = await open_socket(slack)
    await slack.post("faults", disconnect="warning")
    assert (await socket.next())["reason"] == "warning"
    done = command(slack)
    await socket.ack(await socket.next())
    assert (await done)["ok"]


async def test_a_doubled_delivery_runs_a_bolt_listener_twice(slack: Any) -> None:
    triggers: list[str] = []
    events: list[str] = []
    app: AsyncApp = slack.bolt()

    @app.command("/rollout")
    async def listen(ack: Any, body: Any) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    @app.event("app_mention")
    async def hear(body: Any) -> None:
        events.append(body["event_id"])

    @app.event("message")
    async def ignore() -> None:
        pass

    await slack.connect(app)
    await slack.post("faults", duplicate_deliveries=True)
    assert (await command(slack))["ok"]
    await slack.post("mention", user="dana", channel=CHANNEL, text="hi")
    async with asyncio.timeout(5):
        while len(triggers) < 2 or len(events) < 2:
            await asyncio.sleep(0.01)
    assert (len(set(triggers)), len(set(events))) == (1, 1)


async def test_a_reordered_delivery_lets_the_second_go_first(slack: Any) -> None:
    socket = await open_socket(slack)
    await slack.post("faults", reorder_deliveries=True)
    first = command(slack, "first")
    await asyncio.sleep(0.05)
    second = command(slack, "second")
    texts = []
    for _ in range(2):
        frame = await socket.next()
        texts.append(frame["payload"]["text"])
        await socket.ack(frame)
    assert texts == ["second", "first"]
    assert (await first)["ok"]
    assert (await second)["ok"]


async def test_nonsense_on_the_socket_harms_nothing(slack: Any) -> None:
    socket = await open_socket(slack)
    for noise in ("", "[]", "{", json.dumps({"envelope_id": "unknown"})):
        await socket.raw.send_str(noise)
    done = command(slack)
    await socket.ack(await socket.next())
    assert (await done)["ok"]


async def test_an_eleventh_socket_is_sent_away(slack: Any) -> None:
    kept = [await open_socket(slack) for _ in range(10)]
    slack.hands.pass_by(60)
    opened = await slack.web.apps_connections_open(app_token=slack.local.tokens.app)
    async with slack.session.ws_connect(opened["url"]) as extra:
        assert (await extra.receive_json(timeout=3))["reason"] == "too_many_websockets"
    assert (await slack.get("faults"))["sockets"] == len(kept)
