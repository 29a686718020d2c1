"""Drive: what people see and do, strict requests, faults, the clock, and the guard at the door."""

import asyncio
import time
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from sandbox.clock import SandboxClock
from sandbox.targets import TargetRefused

CHANNEL = "C0ROLLOUT"


class OneTarget:
    """A sample system that remembers what was turned."""

    def __init__(self) -> None:
        self.knobs: dict[str, object] = {}

    def systems(self) -> tuple[str, ...]:
        return ("codex",)

    async def show(self, system: str) -> dict[str, object]:
        return self.knobs | {"running": True}

    async def turn(self, system: str, knobs: Any) -> None:
        if "hang" in knobs:
            raise TargetRefused("codex cannot hang")
        self.knobs |= knobs

    async def reset(self, system: str) -> None:
        self.knobs.clear()


async def test_people_and_channels_are_the_pinned_ones(slack: Any) -> None:
    people = {row["name"]: row for row in (await slack.get("people"))["people"]}
    assert list(people) == ["dana", "omar", "priya", "sam", "alex", "stan", "gwen"]
    assert (people["alex"]["guilds"], people["alex"]["role"]) == (
        ["devops", "platform-security"],
        "guild-member",
    )
    assert {row["role"] for row in people.values()} == {"engineer", "guild-member", "stranger", "guest"}
    channels = (await slack.get("channels"))["channels"]
    assert [(row["id"], row["name"], row["is_member"]) for row in channels] == [
        (CHANNEL, "gitguard-rollout", True),
        ("C0GENERAL", "general", False),
    ]


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("command", {"user": "dana", "channel": CHANNEL, "command": "/x", "txt": "y"}, 400, "unknown_key"),
    ("command", {"user": "dana", "command": "/rollout"}, 400, "missing_key"),
    ("command", {"user": 1, "channel": CHANNEL, "command": "/rollout"}, 400, "wrong_type"),
    ("command", {"user": "nobody", "channel": CHANNEL, "command": "/rollout"}, 404, "unknown_user"),
    ("command", {"user": "rollout", "channel": CHANNEL, "command": "/rollout"}, 404, "unknown_user"),
    ("command", {"user": "dana", "channel": "nowhere", "command": "/rollout"}, 404, "unknown_channel"),
    ("command", {"user": "gwen", "channel": "general", "command": "/rollout"}, 403, "not_in_channel"),
    ("command", {"user": "dana", "channel": CHANNEL, "command": "/shrug"}, 404, "unknown_command"),
    ("click", {"user": "dana", "channel": CHANNEL, "ts": "1.0", "action_id": "a"}, 404, "unknown_message"),
    ("click", {"user": "dana", "view_id": "V0", "action_id": "a"}, 404, "unknown_view"),
    (
        "message",
        {"user": "dana", "channel": CHANNEL, "thread_ts": "1.0", "text": "x"},
        404,
        "unknown_message",
    ),
    ("faults", {"rate_limit_next": -1}, 400, "wrong_value"),
    ("faults", {"rate_limit_next": True}, 400, "wrong_type"),
    ("faults", {"disconnect": "gone"}, 400, "wrong_value"),
    ("faults", {"methods": [1]}, 400, "wrong_type"),
    ("clock", {"advance": "yesterday"}, 400, "wrong_span"),
    ("clock", {"advance": -5}, 400, "wrong_span"),
    ("clock", {"advance": 10**15}, 400, "wrong_span"),
    ("target", {"error_rate": 0.5}, 404, "unknown_system"),
    ("target", {"error_rate": 1.5}, 400, "wrong_value"),
    ("nothing", {}, 404, "not_found"),
]


@pytest.mark.parametrize(("path", "body", "status", "error"), REFUSED)
async def test_a_wrong_request_is_refused_by_name(
    slack: Any, path: str, body: dict[str, Any], status: int, error: str
) -> None:
    async with slack.session.post(f"{slack.base}/drive/{path}", json=body) as answer:
        said = await answer.json()
    assert (answer.status, said["ok"], said["error"]) == (status, False, error)
    assert said["detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("changes", {"after": "nan"}),
        ("changes", {"before": "1"}),
        ("clock", {"version": "inf"}),
        ("messages", {"channel": CHANNEL, "since": "yesterday"}),
        ("messages", {"channel": "nowhere"}),
        ("messages", {"channel": CHANNEL, "thread_ts": "1.0"}),
        ("views", {}),
        ("ephemerals", {"user": "nobody"}),
    ],
)
async def test_a_wrong_question_is_refused(slack: Any, path: str, query: dict[str, str]) -> None:
    async with slack.session.get(f"{slack.base}/drive/{path}", params=query) as answer:
        said = await answer.json()
    assert answer.status in {400, 404}
    assert (said["ok"], bool(said["detail"])) == (False, True)


async def test_only_json_is_taken_and_only_from_here(slack: Any) -> None:
    address = f"{slack.base}/drive/faults"
    async with slack.session.post(address, data="{}", headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
    async with slack.session.post(address, json={}, headers={"Origin": "https://example.org"}) as answer:
        assert answer.status == 403
    for host, status in (("example.org", 403), ("127.0.0.1.example.org", 403), ("localhost:80", 200)):
        async with slack.session.get(address, headers={"Host": host}) as answer:
            assert answer.status == status


async def test_a_confirm_dialog_can_be_looked_at_before_it_is_answered(slack: Any) -> None:
    def words(text: str) -> dict[str, str]:
        return {"type": "plain_text", "text": text}

    asked = {"title": words("Roll back?"), "text": words("All of it"), "confirm": words("Yes"), "deny": words("No")}
    button = {"type": "button", "action_id": "back", "text": words("Roll back"), "confirm": asked}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = (await slack.web.chat_postMessage(channel=CHANNEL, text="card", blocks=blocks))["ts"]
    click = {"user": "dana", "channel": CHANNEL, "ts": ts, "action_id": "back"}
    shown = await slack.post("click", **click, ignore_confirm=False)
    assert (shown["error"], shown["confirm"]) == ("confirm_shown", asked)
    assert (await slack.post("click", **click))["error"] == "no_app_connected"
    assert (await slack.post("click", **click | {"action_id": "x"}))["error"] == "unknown_action"


async def test_a_select_in_a_message_sends_its_option_and_keeps_its_state(slack: Any) -> None:
    bodies: list[Any] = []
    app: AsyncApp = slack.bolt()

    @app.action("pick")
    async def pick(ack: Any, body: Any) -> None:
        bodies.append(body)
        await ack()

    await slack.connect(app)
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("canary", "all")]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    blocks = [{"type": "actions", "block_id": "b", "elements": [select]}]
    ts = (await slack.web.chat_postMessage(channel=CHANNEL, text="card", blocks=blocks))["ts"]
    click = {"user": "dana", "channel": CHANNEL, "ts": ts, "action_id": "pick"}
    assert (await slack.post("click", **click, value="canary"))["ok"]
    assert bodies[0]["actions"][0]["selected_option"] == options[0]
    assert bodies[0]["state"]["values"]["b"]["pick"]["selected_option"] == options[0]
    assert (await slack.post("click", **click, value="none"))["error"] == "invalid_value"


async def test_what_people_type_is_escaped_and_names_become_mentions(slack: Any) -> None:
    await slack.post("message", user="dana", channel=CHANNEL, text="@omar see <b> & #general @gitguard-devops")
    (row,) = (await slack.get("messages", channel="gitguard-rollout"))["messages"]
    assert row["text"] == "<@U0OMAR> see &lt;b&gt; &amp; <#C0GENERAL|general> <!subteam^S0DEVOPS>"
    assert (row["user"], row["username"], row["edited"], row["pinned"]) == ("U0DANA", "dana", False, False)
    later = (await slack.get("messages", channel=CHANNEL, since=row["ts"]))["messages"]
    assert later == []
    assert (await slack.post("delete", user="dana", channel=CHANNEL, ts=row["ts"]))["ok"]
    assert (await slack.get("messages", channel=CHANNEL))["messages"] == []


async def test_who_leaves_a_guild_is_gone_from_its_group(slack: Any) -> None:
    changed = await slack.post("group", group="@gitguard-security", members=["sam", "stan"])
    assert changed["members"] == ["U0SAM", "U0STAN"]
    assert (await slack.web.usergroups_users_list(usergroup="S0SECURITY"))["users"] == ["U0SAM", "U0STAN"]
    people = {row["name"]: row["guilds"] for row in (await slack.get("people"))["people"]}
    assert (people["priya"], people["stan"], people["alex"]) == ([], ["platform-security"], ["devops"])
    assert (await slack.post("group", group="nobodies", members=[]))["error"] == "unknown_group"
    assert (await slack.post("group", group="S0DEVOPS", members=["ghost"]))["error"] == "unknown_user"


async def test_a_change_wakes_the_long_poll(slack: Any) -> None:
    serial = (await slack.get("changes"))["serial"]
    waiting = asyncio.create_task(slack.get("changes", after=serial, wait=20))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await slack.post("message", user="dana", channel=CHANNEL, text="hi")
    assert (await asyncio.wait_for(waiting, 2))["serial"] > serial
    began = time.monotonic()
    again = (await slack.get("changes"))["serial"]
    assert (await slack.get("changes", after=again, wait=0.05))["serial"] == again
    assert time.monotonic() - began < 2


async def test_the_clock_runs_faster_and_jumps(start: Any) -> None:
    slack = await start(clock=SandboxClock(600.0))
    before = await slack.get("clock")
    assert (before["speed"], before["version"]) == (600.0, 1)
    waiting = asyncio.create_task(slack.get("clock", version=1, wait=20))
    await asyncio.sleep(0.02)
    jumped = await slack.post("clock", advance="24h")
    assert (await asyncio.wait_for(waiting, 2))["version"] == jumped["version"] == 2
    moved = datetime.fromisoformat(jumped["now"]) - datetime.fromisoformat(before["now"])
    assert moved.total_seconds() > 86_400 + 600 * 0.02


async def test_targets_are_turned_and_reset(start: Any) -> None:
    slack = await start(targets=OneTarget())
    turned = await slack.post("target", error_rate=0.2, wrong_flags={"A": "false"})
    assert turned["target"] == {"error_rate": 0.2, "wrong_flags": {"A": "false"}, "running": True}
    assert (await slack.post("target", hang=True))["error"] == "target_refused"
    assert (await slack.post("target", reset=True))["target"] == {"running": True}
    assert (await slack.get("target", system="codex"))["target"] == {"running": True}


async def api_error(work: Any) -> tuple[int, str]:
    with pytest.raises(SlackApiError) as caught:
        await work
    return caught.value.response.status_code, caught.value.response["error"]


async def test_faults_strike_the_named_methods_so_many_times(slack: Any) -> None:
    await slack.post("faults", rate_limit_next=1, retry_after=7, methods=["chat.postMessage"])
    await slack.web.auth_test()
    with pytest.raises(SlackApiError) as caught:
        await slack.web.chat_postMessage(channel=CHANNEL, text="x")
    assert caught.value.response.headers["Retry-After"] == "7"
    await slack.web.chat_postMessage(channel=CHANNEL, text="x")
    await slack.post("faults", reset=True, server_error_next=1)
    assert await api_error(slack.web.auth_test()) == (500, "internal_error")
    assert (await slack.get("faults"))["faults"]["server_error_next"] == 0


async def test_a_lost_reply_has_its_effect(slack: Any) -> None:
    await slack.post("faults", lose_reply_next=2)
    client = slack.web
    client.retry_handlers.clear()
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=CHANNEL, text="sent, never confirmed")
    rows = (await slack.get("messages", channel=CHANNEL))["messages"]
    assert [row["text"] for row in rows] == ["sent, never confirmed"]


async def test_a_hanging_call_has_no_effect(slack: Any) -> None:
    await slack.post("faults", hang_next=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(slack.web.chat_postMessage(channel=CHANNEL, text="x"), 0.1)
    assert (await slack.get("messages", channel=CHANNEL))["messages"] == []


async def test_triggers_can_be_made_to_expire(slack: Any) -> None:
    await slack.post("faults", expire_triggers=True)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [{"type": "divider"}]}
    name = slack.local.triggers.issue("U0DANA")
    assert await api_error(slack.web.views_open(trigger_id=name, view=view)) == (200, "expired_trigger_id")
    await slack.post("faults", reset=True)
    assert (await slack.web.views_open(trigger_id=name, view=view))["ok"]
