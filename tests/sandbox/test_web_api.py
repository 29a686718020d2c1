"""The Web API is as strict as Slack: tokens, scopes, channels, contents, rates."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.workspace.grants import EVENTS, SCOPES, Grants, grants_of

CHANNEL = "C0ROLLOUT"
DIVIDER = [{"type": "divider"}]


async def refused(work: Awaitable[Any]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await work
    return dict(caught.value.response.data)


async def error(work: Awaitable[Any]) -> str:
    return str((await refused(work))["error"])


async def test_a_wrong_token_gets_nothing(slack: Any) -> None:
    assert await error(slack.client("xoxb-wrong").auth_test()) == "invalid_auth"
    assert await error(slack.client(None).auth_test()) == "not_authed"
    assert await error(slack.client(slack.local.tokens.app).auth_test()) == "not_allowed_token_type"
    opening = slack.web.apps_connections_open(app_token=slack.local.tokens.bot)
    assert await error(opening) == "not_allowed_token_type"
    assert await error(slack.web.api_call("chat.shout")) == "unknown_method"


async def test_the_bot_knows_who_it_is(slack: Any) -> None:
    me = await slack.web.auth_test()
    assert (me["user_id"], me["team_id"], me["bot_id"]) == ("U0ROLLOUTBOT", "T0GITGUARD", "B0ROLLOUT")
    assert (await slack.web.bots_info(bot="B0ROLLOUT"))["bot"]["user_id"] == "U0ROLLOUTBOT"
    assert (await slack.web.api_test(foo="bar"))["args"]["foo"] == "bar"


async def test_a_missing_scope_is_named(start: Any) -> None:
    slack = await start(grants=Grants(scopes=frozenset({"chat:write"})))
    said = await refused(slack.web.pins_add(channel=CHANNEL, timestamp="1.0"))
    assert (said["error"], said["needed"], said["provided"]) == ("missing_scope", "pins:write", "chat:write")
    assert await error(slack.web.usergroups_list()) == "missing_scope"
    assert await error(slack.web.conversations_info(channel=CHANNEL)) == "missing_scope"
    assert await error(slack.web.conversations_history(channel=CHANNEL)) == "missing_scope"
    assert (await slack.web.chat_postMessage(channel=CHANNEL, text="allowed"))["ok"]


async def test_metadata_is_read_only_with_its_scope(start: Any) -> None:
    slack = await start(grants=Grants(scopes=SCOPES - {"metadata.message:read"}))
    assert (await slack.web.conversations_history(channel=CHANNEL))["messages"] == []
    asking = slack.web.conversations_history(channel=CHANNEL, include_all_metadata=True)
    assert (await refused(asking))["needed"] == "metadata.message:read"


async def test_posting_where_the_bot_is_not_is_refused(slack: Any) -> None:
    assert await error(slack.web.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await error(slack.web.chat_postMessage(channel="general", text="x")) == "not_in_channel"
    assert await error(slack.web.conversations_history(channel="C0GENERAL")) == "not_in_channel"
    assert await error(slack.web.pins_list(channel="C0GENERAL")) == "not_in_channel"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "banner"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        (
            {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5},
            "msg_blocks_too_long",
        ),
    ],
)
async def test_a_message_that_slack_refuses(slack: Any, content: dict[str, Any], expected: str) -> None:
    said = await refused(slack.web.api_call("chat.postMessage", json={"channel": CHANNEL} | content))
    assert said["error"] == expected
    assert ("response_metadata" in said) == (expected == "invalid_blocks")
    assert (await slack.get("messages", channel=CHANNEL))["messages"] == []


async def test_an_update_keeps_what_is_left_out(slack: Any) -> None:
    told = {"event_type": "card", "event_payload": {"key": "k1"}}
    ts = (await slack.web.chat_postMessage(channel=CHANNEL, text="one", blocks=DIVIDER, metadata=told))["ts"]
    await slack.web.chat_update(channel=CHANNEL, ts=ts, text="two")
    (row,) = (await slack.get("messages", channel=CHANNEL))["messages"]
    assert (row["text"], row["blocks"][0]["type"], row["edited"]) == ("two", "divider", True)
    assert row["metadata"] == told
    await slack.web.chat_update(channel=CHANNEL, ts=ts, text="three", blocks=[], metadata={})
    (row,) = (await slack.get("messages", channel=CHANNEL))["messages"]
    assert row["blocks"] == []
    assert "metadata" not in row
    assert await error(slack.web.chat_update(channel=CHANNEL, ts="1.0", text="x")) == "message_not_found"
    assert await error(slack.web.chat_update(channel=CHANNEL, ts=ts, text="x" * 4001)) == "msg_too_long"
    said = await slack.post("message", user="dana", channel=CHANNEL, text="mine")
    assert await error(slack.web.chat_update(channel=CHANNEL, ts=said["ts"], text="x")) == "cant_update_message"
    assert await error(slack.web.chat_delete(channel=CHANNEL, ts=said["ts"])) == "cant_delete_message"


async def test_a_thread_and_its_history_are_read_back_with_metadata(slack: Any) -> None:
    told = {"event_type": "card", "event_payload": {"key": "k1"}}
    first = (await slack.web.chat_postMessage(channel=CHANNEL, text="one", metadata=told))["ts"]
    reply = (await slack.web.chat_postMessage(channel=CHANNEL, text="in it", thread_ts=first))["ts"]
    second = (await slack.web.chat_postMessage(channel=CHANNEL, text="two"))["ts"]
    history = (await slack.web.conversations_history(channel=CHANNEL, include_all_metadata=True))["messages"]
    assert [row["ts"] for row in history] == [second, first]
    assert (history[1]["metadata"], history[1]["reply_count"]) == (told, 1)
    without = await slack.web.conversations_history(channel=CHANNEL, oldest=first, inclusive=True, limit=1)
    assert without["has_more"] is True
    assert "metadata" not in without["messages"][0]
    thread = (await slack.web.conversations_replies(channel=CHANNEL, ts=first))["messages"]
    assert [row["ts"] for row in thread] == [first, reply]
    assert await error(slack.web.conversations_replies(channel=CHANNEL, ts=reply)) == "thread_not_found"
    deep = slack.web.chat_postMessage(channel=CHANNEL, text="x", thread_ts=reply)
    assert await error(deep) == "cannot_reply_to_message"
    link = (await slack.web.chat_getPermalink(channel=CHANNEL, message_ts=reply))["permalink"]
    assert link.startswith(slack.base)
    await slack.web.chat_delete(channel=CHANNEL, ts=first)
    stone = (await slack.get("messages", channel=CHANNEL))["messages"][0]
    assert (stone["ts"], stone["deleted"]) == (first, True)


async def test_read_methods_do_not_read_json(slack: Any) -> None:
    headers = {"Authorization": f"Bearer {slack.local.tokens.bot}"}
    address = f"{slack.base}/api/conversations.info"
    async with slack.session.post(address, json={"channel": CHANNEL}, headers=headers) as answer:
        said = await answer.json()
    assert said["error"] == "invalid_arguments"
    assert "channel" in said["response_metadata"]["messages"][0]
    async with slack.session.post(address, data={"channel": CHANNEL}, headers=headers) as answer:
        assert (await answer.json())["channel"]["name"] == "gitguard-rollout"


async def test_an_ephemeral_is_for_one_person_in_the_channel_and_cannot_be_edited(slack: Any) -> None:
    sent = await slack.web.chat_postEphemeral(channel=CHANNEL, user="U0DANA", text="only you")
    (row,) = (await slack.get("ephemerals", user="U0DANA"))["ephemerals"]
    assert (row["ts"], row["text"]) == (sent["message_ts"], "only you")
    edit = slack.web.chat_update(channel=CHANNEL, ts=sent["message_ts"], text="x")
    assert await error(edit) == "message_not_found"
    nobody = slack.web.chat_postEphemeral(channel=CHANNEL, user="U0NOBODY", text="x")
    assert await error(nobody) == "user_not_in_channel"


async def test_guilds_and_people_are_listed_as_slack_does(slack: Any) -> None:
    groups = (await slack.web.usergroups_list(include_users=True))["usergroups"]
    assert {group["handle"]: group["users"] for group in groups} == {
        "gitguard-devops": ["U0DANA", "U0OMAR", "U0ALEX"],
        "gitguard-security": ["U0PRIYA", "U0SAM", "U0ALEX"],
        "concelier-storage": [],
    }
    assert (await slack.web.usergroups_users_list(usergroup="S0SECURITY"))["users"][0] == "U0PRIYA"
    assert await error(slack.web.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    assert (await slack.web.users_info(user="U0GWEN"))["user"]["is_restricted"] is True
    assert (await slack.web.users_info(user="U0ROLLOUTBOT"))["user"]["is_bot"] is True
    assert await error(slack.web.users_info(user="U0NOBODY")) == "user_not_found"
    first = await slack.web.users_list(limit=5)
    rest = await slack.web.users_list(limit=5, cursor=first["response_metadata"]["next_cursor"])
    assert len(first["members"]) + len(rest["members"]) == 8
    assert await error(slack.web.users_list(cursor="!")) == "invalid_cursor"
    channels = (await slack.web.users_conversations())["channels"]
    assert [row["id"] for row in channels] == [CHANNEL]
    members = (await slack.web.conversations_members(channel="C0GENERAL"))["members"]
    assert "U0GWEN" not in members


async def test_a_persons_channels_are_those_that_the_app_can_see(slack: Any) -> None:
    both = (await slack.web.users_conversations(user="U0DANA"))["channels"]
    assert [row["id"] for row in both] == [CHANNEL, "C0GENERAL"]
    one = (await slack.web.users_conversations(user="U0GWEN", types="public_channel,private_channel"))["channels"]
    assert [row["id"] for row in one] == [CHANNEL]
    slack.local.memory.channels["C0GENERAL"].is_private = True  # and the app is not in it
    shown = (await slack.web.users_conversations(user="U0DANA", types="public_channel,private_channel"))["channels"]
    assert [row["id"] for row in shown] == [CHANNEL]
    assert await error(slack.web.users_conversations(user="U0NOBODY")) == "user_not_found"


async def test_a_direct_message_goes_to_a_persons_id_and_is_found_again(slack: Any) -> None:
    metadata = {"event_type": "rollout_post", "event_payload": {"key": "a"}}
    answer = await slack.web.chat_postMessage(channel="U0OMAR", text="for you", metadata=metadata)
    place = (await slack.web.conversations_open(users="U0OMAR"))["channel"]["id"]
    assert answer["channel"] == place
    (message,) = (await slack.get("messages", channel=place))["messages"]
    assert message["text"] == "for you"
    assert await error(slack.web.chat_postMessage(channel="U0NOBODY", text="for nobody")) == "channel_not_found"


async def test_pins_know_what_is_pinned(slack: Any) -> None:
    ts = (await slack.web.chat_postMessage(channel=CHANNEL, text="card"))["ts"]
    await slack.web.pins_add(channel=CHANNEL, timestamp=ts)
    assert await error(slack.web.pins_add(channel=CHANNEL, timestamp=ts)) == "already_pinned"
    assert (await slack.web.pins_list(channel=CHANNEL))["items"][0]["message"]["ts"] == ts
    assert (await slack.get("messages", channel=CHANNEL))["messages"][0]["pinned"] is True
    await slack.web.pins_remove(channel=CHANNEL, timestamp=ts)
    assert await error(slack.web.pins_remove(channel=CHANNEL, timestamp=ts)) == "no_pin"


async def test_a_file_goes_up_in_three_steps(slack: Any) -> None:
    parent = (await slack.web.chat_postMessage(channel=CHANNEL, text="evidence"))["ts"]
    done = await slack.web.files_upload_v2(
        channel=CHANNEL, thread_ts=parent, filename="evidence.json", content="{}", initial_comment="sealed"
    )
    thread = (await slack.get("messages", channel=CHANNEL, thread_ts=parent))["messages"]
    assert (thread[1]["text"], thread[1]["files"][0]["name"]) == ("sealed", "evidence.json")
    async with slack.session.get(done["file"]["url_private"]) as answer:
        assert await answer.read() == b"{}"
        assert answer.headers["Content-Disposition"] == "attachment"
    assert await error(slack.web.files_info(file=done["file"]["id"])) == "missing_scope"
    again = slack.web.files_completeUploadExternal(files=[{"id": done["file"]["id"], "title": "x"}])
    assert await error(again) == "file_not_found"


async def test_about_one_message_a_second_in_each_channel(slack: Any) -> None:
    for number in range(8):
        await slack.web.chat_postMessage(channel=CHANNEL, text=f"message {number}")
    with pytest.raises(SlackApiError) as caught:
        await slack.web.chat_postMessage(channel=CHANNEL, text="too fast")
    answer = caught.value.response
    assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "1")
    private = (await slack.web.conversations_open(users="U0DANA"))["channel"]["id"]
    assert (await slack.web.chat_postMessage(channel=private, text="another channel"))["ok"]
    slack.hands.pass_by(1.0)
    assert (await slack.web.chat_postMessage(channel=CHANNEL, text="in time"))["ok"]
    assert len((await slack.get("messages", channel=CHANNEL))["messages"]) == 9


async def test_slow_methods_have_a_smaller_allowance(slack: Any) -> None:
    for _ in range(20):
        await slack.web.usergroups_list()
    with pytest.raises(SlackApiError) as caught:
        await slack.web.usergroups_list()
    assert caught.value.response.headers["Retry-After"] == "3"


def test_the_manifest_grants_what_it_names(tmp_path: Any) -> None:
    manifest = tmp_path / "app-manifest.yml"
    assert grants_of(manifest) == Grants()
    manifest.write_text(
        "features:\n  slash_commands:\n    - command: /ship\n      should_escape: true\n"
        "oauth_config:\n  scopes:\n    bot: [commands]\n"
        "settings:\n  event_subscriptions:\n    bot_events: [app_mention]\n",
        encoding="utf-8",
    )
    granted = grants_of(manifest)
    assert granted == Grants(frozenset({"commands"}), frozenset({"app_mention"}), {"/ship": True})
    assert granted.events < EVENTS
