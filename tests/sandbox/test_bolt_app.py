"""A bare Bolt app over a real socket: command, modal, button, submission, mention."""

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncApp

CHANNEL = "C0ROLLOUT"
MODAL = {
    "type": "modal",
    "callback_id": "start",
    "title": {"type": "plain_text", "text": "Start"},
    "submit": {"type": "plain_text", "text": "Go"},
    "private_metadata": CHANNEL,
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "reason", "min_length": 3},
        }
    ],
}
CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Canary*"}},
    {
        "type": "actions",
        "block_id": "moves",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": "opaque-1",
                "style": "primary",
            }
        ],
    },
]


def small_app(app: AsyncApp, seen: list[dict[str, Any]]) -> None:
    @app.command("/rollout")
    async def command(ack: Any, body: Any, client: Any) -> None:
        seen.append(body)
        if body["text"] == "start":
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
            await ack()
        else:
            await ack(f"heard {body['text']}")

    @app.action("approve")
    async def approve(ack: Any, body: Any, respond: Any) -> None:
        seen.append(body)
        await ack()
        await respond("Only Platform Security can approve.")

    @app.view("start")
    async def submitted(ack: Any, body: Any) -> None:
        seen.append(body)
        reason = body["view"]["state"]["values"]["why"]["reason"]["value"]
        if reason == "because":
            await ack(response_action="errors", errors={"why": "Say more."})
        else:
            await ack()

    @app.view_closed("start")
    async def closed(ack: Any, body: Any) -> None:
        seen.append(body)
        await ack()

    @app.event("app_mention")
    async def mention(event: Any, say: Any) -> None:
        seen.append(event)
        await say("here I am", thread_ts=event.get("thread_ts") or event["ts"])

    @app.event("message")
    async def message(event: Any) -> None:
        pass


async def joined(slack: Any) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    app = slack.bolt()
    small_app(app, seen)
    await slack.connect(app)
    return seen


async def test_a_commands_answer_is_seen_only_by_the_one_who_typed_it(slack: Any) -> None:
    seen = await joined(slack)
    done = await slack.post(
        "command", user="dana", channel="#gitguard-rollout", command="/rollout", text="plans @omar <b>"
    )
    assert done["ok"]
    assert done["ack_ms"] < 3000
    assert done["response"] == {"text": "heard plans <@U0OMAR|omar> &lt;b&gt;"}
    assert seen[0]["user_id"] == "U0DANA"
    assert seen[0]["channel_name"] == "gitguard-rollout"
    assert set(seen[0]) >= {"token", "team_id", "team_domain", "response_url", "trigger_id", "api_app_id"}
    assert seen[0]["is_enterprise_install"] == "false"
    mine = (await slack.get("ephemerals", user="dana"))["ephemerals"]
    assert [row["text"] for row in mine] == ["heard plans <@U0OMAR|omar> &lt;b&gt;"]
    assert (await slack.get("ephemerals", user="omar"))["ephemerals"] == []
    assert (await slack.get("messages", channel=CHANNEL))["messages"] == []


async def test_a_modal_is_opened_refused_and_submitted(slack: Any) -> None:
    seen = await joined(slack)
    await slack.post("command", user="dana", channel=CHANNEL, command="/rollout", text="start")
    (view,) = (await slack.get("views", user="dana"))["views"]
    assert view["callback_id"] == "start"
    assert view["type"] == "modal"
    empty = await slack.post("submit", user="dana", view_id=view["id"], values={"reason": ""})
    assert empty["error"] == "invalid_value"
    assert "required" in empty["detail"]
    short = await slack.post("submit", user="dana", view_id=view["id"], values={"why": {"reason": "no"}})
    assert short["error"] == "invalid_value"
    stranger = await slack.post("submit", user="omar", view_id=view["id"], values={"reason": "x" * 9})
    assert stranger["error"] == "unknown_view"
    refused = await slack.post("submit", user="dana", view_id=view["id"], values={"reason": "because"})
    assert refused["response_action"] == "errors"
    assert refused["errors"] == {"why": "Say more."}
    assert len((await slack.get("views", user="dana"))["views"]) == 1
    taken = await slack.post("submit", user="dana", view_id=view["id"], values={"reason": "the gates passed"})
    assert taken["ok"]
    assert taken["response_action"] is None
    assert taken["errors"] is None
    assert (await slack.get("views", user="dana"))["views"] == []
    submitted = seen[-1]
    assert submitted["type"] == "view_submission"
    assert submitted["view"]["private_metadata"] == CHANNEL
    assert submitted["view"]["hash"] == view["hash"]
    assert "channel" not in submitted


async def test_a_closed_modal_is_told_when_the_app_asked_for_it(slack: Any) -> None:
    seen = await joined(slack)
    await slack.post("command", user="dana", channel=CHANNEL, command="rollout", text="start")
    (view,) = (await slack.get("views", user="dana"))["views"]
    done = await slack.post("close", user="dana", view_id=view["id"])
    assert done["ok"]
    assert seen[-1]["type"] == "view_closed"
    assert seen[-1]["is_cleared"] is False
    assert (await slack.get("views", user="dana"))["views"] == []


async def test_a_click_carries_message_container_and_state_and_a_stranger_may_click(slack: Any) -> None:
    seen = await joined(slack)
    posted = await slack.web.chat_postMessage(channel=CHANNEL, text="Canary waits.", blocks=CARD)
    ts = posted["ts"]
    clicked = await slack.post("click", user="stan", channel=CHANNEL, ts=ts, action_id="approve")
    assert clicked["ok"]
    assert clicked["response"] is None
    body = seen[-1]
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": CHANNEL,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == ts
    assert body["message"]["blocks"][1]["block_id"] == "moves"
    assert body["user"] == {"id": "U0STAN", "username": "stan", "name": "stan", "team_id": "T0GITGUARD"}
    (action,) = body["actions"]
    assert action["value"] == "opaque-1"
    assert action["action_ts"]
    assert action["style"] == "primary"
    assert body["state"] == {"values": {}}
    assert body["trigger_id"]
    async with asyncio.timeout(5):
        while not (await slack.get("ephemerals", user="stan"))["ephemerals"]:
            await asyncio.sleep(0.01)
    (said,) = (await slack.get("ephemerals", user="stan"))["ephemerals"]
    assert said["text"] == "Only Platform Security can approve."


async def test_a_mention_in_a_thread_is_answered_there(slack: Any) -> None:
    seen = await joined(slack)
    parent = (await slack.web.chat_postMessage(channel=CHANNEL, text="card"))["ts"]
    said = await slack.post("mention", user="omar", channel=CHANNEL, thread_ts=parent, text="status")
    async with asyncio.timeout(5):
        while len((await slack.get("messages", channel=CHANNEL, thread_ts=parent))["messages"]) < 3:
            await asyncio.sleep(0.01)
    thread = (await slack.get("messages", channel=CHANNEL, thread_ts=parent))["messages"]
    assert [row["username"] for row in thread] == ["rollout", "omar", "rollout"]
    assert seen[0]["text"] == "<@U0ROLLOUTBOT> status"
    assert seen[0]["ts"] == said["ts"]
    assert seen[0]["thread_ts"] == parent
    assert seen[0]["channel"] == CHANNEL
    (top,) = (await slack.get("messages", channel=CHANNEL))["messages"]
    assert top["reply_count"] == 2
