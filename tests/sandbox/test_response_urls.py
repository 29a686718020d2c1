"""Response URLs: five answers in thirty minutes, for one person unless said otherwise, replacing on demand."""

from typing import Any

from slack_bolt.async_app import AsyncApp

CHANNEL = "C0ROLLOUT"


async def answer(slack: Any, name: str, **body: Any) -> tuple[int, str]:
    async with slack.session.post(f"{slack.base}/respond/{name}", json=body) as response:
        return response.status, await response.text()


async def test_five_answers_and_no_more(slack: Any) -> None:
    name = slack.local.response_urls.issue(CHANNEL, "U0DANA")
    for number in range(5):
        assert await answer(slack, name, text=f"answer {number}") == (200, "ok")
    status, text = await answer(slack, name, text="one more")
    assert (status, "used_url" in text) == (404, True)
    assert len((await slack.get("ephemerals", user="dana"))["ephemerals"]) == 5


async def test_after_thirty_minutes_it_is_too_late(slack: Any) -> None:
    name = slack.local.response_urls.issue(CHANNEL, "U0DANA")
    slack.hands.pass_by(30 * 60)
    assert (await answer(slack, name, text="just in time"))[0] == 200
    slack.hands.pass_by(1)
    status, text = await answer(slack, name, text="too late")
    assert (status, "expired_url" in text) == (404, True)


async def test_what_slack_would_not_show_uses_nothing_up(slack: Any) -> None:
    name = slack.local.response_urls.issue(CHANNEL, "U0DANA")
    assert await answer(slack, name) == (400, "no_text")
    assert await answer(slack, name, text="x", blocks=[{"type": "banner"}]) == (400, "invalid_blocks")
    for _ in range(5):
        assert (await answer(slack, name, text="fine"))[0] == 200
    assert (await answer(slack, "unknown", text="x"))[0] == 404


async def test_an_answer_may_be_for_everybody(slack: Any) -> None:
    name = slack.local.response_urls.issue(CHANNEL, "U0DANA")
    await answer(slack, name, text="for all", response_type="in_channel")
    (row,) = (await slack.get("messages", channel=CHANNEL))["messages"]
    assert (row["text"], row["username"]) == ("for all", "rollout")


async def test_a_clicked_ephemeral_is_replaced_and_then_deleted(slack: Any) -> None:
    seen: list[Any] = []
    app: AsyncApp = slack.bolt()

    @app.action("yes")
    async def yes(ack: Any, body: Any, respond: Any) -> None:
        seen.append(body)
        await respond(text="Done.", replace_original=True)
        await ack()

    await slack.connect(app)
    button = {"type": "button", "action_id": "yes", "text": {"type": "plain_text", "text": "Yes"}}
    sent = await slack.web.chat_postEphemeral(
        channel=CHANNEL, user="U0DANA", text="Sure?", blocks=[{"type": "actions", "elements": [button]}]
    )
    ts = sent["message_ts"]
    other = await slack.post("click", user="omar", channel=CHANNEL, ts=ts, action_id="yes")
    assert other["error"] == "unknown_message"
    assert (await slack.post("click", user="dana", channel=CHANNEL, ts=ts, action_id="yes"))["ok"]
    assert seen[0]["container"]["is_ephemeral"] is True
    assert "message" not in seen[0]
    (row,) = (await slack.get("ephemerals", user="dana"))["ephemerals"]
    assert (row["ts"], row["text"], row["blocks"]) == (ts, "Done.", [])
    name = seen[0]["response_url"].rsplit("/", 1)[1]
    assert (await answer(slack, name, delete_original=True))[0] == 200
    assert (await slack.get("ephemerals", user="dana"))["ephemerals"] == []
