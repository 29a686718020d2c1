"""HTTP delivery: a Bolt app takes the signed requests and refuses a wrong secret; events are retried."""

import asyncio
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from sandbox.workspace.delivery import Ack, Kind, Missed, Parcel, Timing
from sandbox.workspace.local import Tokens
from sandbox.workspace.server import running
from sandbox.workspace.signed_http import SignedHttp

CHANNEL = "C0ROLLOUT"
COMMAND = {"command": "/rollout", "text": "a & b", "trigger_id": "1", "is_enterprise_install": "false"}
COMMAND |= {"team_id": "T0GITGUARD", "user_id": "U0DANA", "channel_id": CHANNEL}

BUTTON = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}}
CARD = [{"type": "actions", "elements": [BUTTON | {"value": "opaque"}]}]


async def test_a_signed_command_reaches_a_bolt_app_and_a_wrong_secret_does_not(slack: Any) -> None:
    heard = []
    app = AsyncApp(token=slack.local.tokens.bot, client=slack.web, signing_secret="the secret")

    @app.command("/rollout")
    async def listen(ack: Any, body: Any) -> None:
        heard.append(body["text"])
        await ack({"text": "yes"})

    async with running(app.server(path="/slack/events").web_app) as base:
        for secret, expected in (("the secret", Ack), ("another", Missed)):
            line = SignedHttp(f"{base}/slack/events", secret)
            answer = await line.send(Parcel(Kind.COMMAND, COMMAND, accepts_response=True), 3.0)
            await line.close()
            assert isinstance(answer, expected)
            if isinstance(answer, Ack):
                assert answer.payload == {"text": "yes"}
    assert heard == ["a & b"]


async def test_a_failed_event_is_posted_again_with_retry_headers(start: Any) -> None:
    seen: list[tuple[str | None, str | None, bool]] = []

    async def receive(request: web.Request) -> web.Response:
        body = await request.text()
        number, reason = (request.headers.get(f"X-Slack-Retry-{name}") for name in ("Num", "Reason"))
        signed = SignatureVerifier("s3").is_valid_request(body, dict(request.headers))
        event = (await request.json())["event"]
        if event["type"] == "app_mention":
            seen.append((number, reason, signed))
        return web.Response(status=500 if len(seen) < 3 else 200)

    target = web.Application()
    target.router.add_post("/events", receive)
    async with running(target) as base:
        slack = await start(
            delivery="http",
            request_url=f"{base}/events",
            signing_secret="s3",
            timing=Timing(1.0, (0.0, 0.0, 0.0)),
        )
        await slack.post("mention", user="dana", channel=CHANNEL, text="hi")
        async with asyncio.timeout(5):
            while len(seen) < 3:
                await asyncio.sleep(0.01)
    assert seen == [(None, None, True), ("1", "http_error", True), ("2", "http_error", True)]


async def test_nobody_at_the_address_is_no_app_connected() -> None:
    line = SignedHttp("http://127.0.0.1:9/slack/events", "s")
    assert await line.send(Parcel(Kind.COMMAND, COMMAND), 1.0) is Missed.NO_APP
    await line.close()


async def test_commands_and_clicks_reach_a_bolt_app_over_http(start: Any) -> None:
    tokens = Tokens("xoxb-sandbox-fixed", "xapp-sandbox-fixed")
    clicked = []
    app = AsyncApp(token=tokens.bot, signing_secret="s3")

    @app.command("/rollout")
    async def listen(ack: Any) -> None:
        await ack({"response_type": "in_channel", "text": "card", "blocks": CARD})

    @app.action("approve")
    async def approve(ack: Any, body: Any) -> None:
        clicked.append(body["actions"][0]["value"])
        await ack()

    async with running(app.server(path="/slack/events").web_app) as base:
        slack = await start(delivery="http", request_url=f"{base}/slack/events", signing_secret="s3", tokens=tokens)
        # Bolt asks who it is on its first request, and has to ask this workspace.
        app.client.base_url = f"{slack.base}/api/"
        done = await slack.post("command", user="dana", channel=CHANNEL, command="/rollout", text="")
        assert done["ok"]
        (row,) = (await slack.get("messages", channel=CHANNEL))["messages"]
        pressed = await slack.post("click", user="stan", channel=CHANNEL, ts=row["ts"], action_id="approve")
        assert pressed["ok"]
    assert clicked == ["opaque"]
    assert (await slack.post("command", user="dana", channel=CHANNEL, command="/rollout"))["error"] == (
        "no_app_connected"
    )
