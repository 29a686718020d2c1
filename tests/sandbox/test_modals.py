"""Triggers live three seconds and work once; views race by hash; modals stack three deep."""

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

CHANNEL = "C0ROLLOUT"


def modal(title: str = "One", **more: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": title}
    button = {"type": "button", "action_id": "deeper", "text": text}
    return {"type": "modal", "title": text, "blocks": [{"type": "actions", "elements": [button]}]} | more


async def error(work: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await work
    return str(caught.value.response["error"])


def trigger(slack: Any, user: str = "U0DANA") -> str:
    return str(slack.local.triggers.issue(user))


async def test_a_trigger_works_once(slack: Any) -> None:
    name = trigger(slack)
    assert (await slack.web.views_open(trigger_id=name, view=modal()))["view"]["type"] == "modal"
    assert await error(slack.web.views_open(trigger_id=name, view=modal())) == "trigger_exchanged"
    assert await error(slack.web.views_open(trigger_id="1.2.3", view=modal())) == "invalid_arguments"


async def test_a_trigger_is_too_old_after_three_seconds(slack: Any) -> None:
    early, late = trigger(slack), trigger(slack)
    slack.hands.pass_by(3.0)
    assert (await slack.web.views_open(trigger_id=early, view=modal()))["ok"]
    slack.hands.pass_by(0.1)
    assert await error(slack.web.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


async def test_a_refused_view_leaves_the_trigger_alone(slack: Any) -> None:
    name = trigger(slack)
    assert await error(slack.web.views_open(trigger_id=name, view=modal("x" * 25))) == "invalid_arguments"
    assert (await slack.web.views_open(trigger_id=name, view=modal()))["ok"]


async def test_modals_stack_three_deep_and_close_one_by_one(slack: Any) -> None:
    first = (await slack.web.views_open(trigger_id=trigger(slack), view=modal()))["view"]
    second = (await slack.web.views_push(trigger_id=trigger(slack), view=modal("Two")))["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    await slack.web.views_push(trigger_id=trigger(slack), view=modal("Three"))
    assert await error(slack.web.views_push(trigger_id=trigger(slack), view=modal())) == "push_limit_reached"
    shown = (await slack.get("views", user="dana"))["views"]
    assert [row["view"]["title"]["text"] for row in shown] == ["One", "Two", "Three"]
    await slack.post("close", user="dana", view_id=second["id"])
    assert [row["id"] for row in (await slack.get("views", user="dana"))["views"]] == [first["id"]]


async def test_an_old_hash_loses_the_race(slack: Any) -> None:
    old = (await slack.web.views_open(trigger_id=trigger(slack), view=modal()))["view"]
    new = (await slack.web.views_update(view_id=old["id"], hash=old["hash"], view=modal("Two")))["view"]
    assert new["hash"] != old["hash"]
    stale = slack.web.views_update(view_id=old["id"], hash=old["hash"], view=modal("Three"))
    assert await error(stale) == "hash_conflict"
    assert await error(slack.web.views_update(view_id="V0", view=modal())) == "not_found"


async def test_a_home_tab_is_published_and_opened(slack: Any) -> None:
    opened: list[Any] = []
    app: AsyncApp = slack.bolt()

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        opened.append(event["user"])
        view = {"type": "home", "blocks": [{"type": "divider"}]}
        await client.views_publish(user_id=event["user"], view=view)

    await slack.connect(app)
    await slack.post("home", user="sam")
    async with asyncio.timeout(5):
        while not (await slack.get("views", user="sam"))["views"]:
            await asyncio.sleep(0.01)
    (row,) = (await slack.get("views", user="sam"))["views"]
    assert (row["type"], opened) == ("home", ["U0SAM"])


async def test_a_button_in_a_modal_gives_a_trigger_and_no_channel(slack: Any) -> None:
    seen: list[Any] = []
    app: AsyncApp = slack.bolt()

    @app.action("deeper")
    async def deeper(ack: Any, body: Any, client: Any) -> None:
        seen.append(body)
        await client.views_push(trigger_id=body["trigger_id"], view=modal("Two"))
        await ack()

    await slack.connect(app)
    view = (await slack.web.views_open(trigger_id=trigger(slack), view=modal()))["view"]
    done = await slack.post("click", user="dana", view_id=view["id"], action_id="deeper")
    assert done["ok"]
    assert seen[0]["container"] == {"type": "view", "view_id": view["id"]}
    assert not {"channel", "message", "response_url"} & seen[0].keys()
    assert len((await slack.get("views", user="dana"))["views"]) == 2


async def test_a_submission_may_replace_push_or_clear(slack: Any) -> None:
    answers: list[dict[str, Any]] = [
        {"response_action": "update", "view": modal("Two", submit={"type": "plain_text", "text": "Go"})},
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "clear"},
    ]
    app: AsyncApp = slack.bolt()

    @app.view("")
    async def submitted(ack: Any) -> None:
        await ack(**answers.pop(0))

    await slack.connect(app)
    plain = modal(submit={"type": "plain_text", "text": "Go"})
    view = (await slack.web.views_open(trigger_id=trigger(slack), view=plain))["view"]
    first = await slack.post("submit", user="dana", view_id=view["id"], values={})
    assert first["response_action"] == "update"
    (row,) = (await slack.get("views", user="dana"))["views"]
    assert row["view"]["title"]["text"] == "Two"
    wrong = await slack.post("submit", user="dana", view_id=view["id"], values={})
    assert wrong["error"] == "invalid_response"
    assert (await slack.post("submit", user="dana", view_id=view["id"], values={}))["response_action"] == "clear"
    assert (await slack.get("views", user="dana"))["views"] == []
