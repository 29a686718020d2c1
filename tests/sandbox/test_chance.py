"""Random faults at a rate: seeded, counted, on calls, deliveries and triggers; and what befalls a channel."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
from aiohttp import ClientError, web
from slack_sdk.errors import SlackApiError

from sandbox.workspace.chance import Chance, Snag, Woe
from sandbox.workspace.faults import Mishap
from sandbox.workspace.oddities import Oddities, Unknown
from sandbox.workspace.server import running

ROOM = "C0ROLLOUT"


def drawn(rate: float, seed: int, count: int = 500) -> list[Mishap | None]:
    chance = Chance(rate, seed)
    return [chance.strike(Mishap) for _ in range(count)]


def test_the_same_seed_brings_the_same_faults_and_another_does_not() -> None:
    assert drawn(0.05, 7) == drawn(0.05, 7)
    assert drawn(0.05, 7) != drawn(0.05, 8)


def test_deliveries_do_not_change_what_befalls_calls() -> None:
    chance, mixed = Chance(0.3, 7), []
    for _ in range(200):
        mixed.append(chance.strike(Mishap))
        chance.strike(Woe)
        chance.strike(Snag)
    assert mixed == drawn(0.3, 7, 200)


def test_the_rate_is_met_and_every_kind_comes() -> None:
    struck = [found for found in drawn(0.05, 7, 20_000) if found]
    assert 850 < len(struck) < 1150
    assert set(struck) == set(Mishap)
    assert not any(drawn(0.0, 7))
    assert all(drawn(1.0, 7))


def test_what_was_suffered_is_counted() -> None:
    chance = Chance(1.0, 7)
    for _ in range(50):
        chance.strike(Woe)
        chance.strike(Snag)
    assert chance.suffered.total() == 100
    assert chance.suffered["snag.expired"] == 50
    assert 0.2 <= chance.seconds() <= 4.0


async def test_calls_at_a_rate_suffer_what_slack_does_on_a_bad_day(slack: Any) -> None:
    told = await slack.post("faults", rate=0.5, seed=3)
    assert (told["faults"]["rate"], told["faults"]["seed"]) == (0.5, 3)
    slack.local.chance.seconds = lambda: 0.01
    seen: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {slack.local.tokens.bot}"}
    for _ in range(80):
        try:
            async with slack.session.post(f"{slack.base}/api/auth.test", headers=headers) as answer:
                seen[str(answer.status)] += 1
                assert answer.headers.get("Retry-After", "1") == "1"
        except (ClientError, ConnectionError):
            seen["lost"] += 1
    assert set(seen) == {"200", "429", "500", "lost"}
    suffered = (await slack.get("faults"))["suffered"]
    assert {name.partition(".")[0] for name in suffered} == {"mishap"}
    await slack.post("faults", reset=True)
    assert (await slack.get("faults"))["faults"]["rate"] == 0
    assert (await slack.web.auth_test())["ok"]


async def test_a_lost_reply_of_a_post_has_had_its_effect(slack: Any) -> None:
    await slack.post("faults", rate=1.0, seed=1)
    slack.local.chance.strike = lambda kinds: Mishap.LOSE_REPLY if kinds is Mishap else None
    patient = slack.web
    # By itself the SDK says it again after a lost connection, and doubles the message.
    patient.retry_handlers.clear()
    with pytest.raises((ClientError, ConnectionError)):
        await patient.chat_postMessage(channel=ROOM, text="once")
    assert [each["text"] for each in (await slack.get("messages", channel=ROOM))["messages"]] == ["once"]


@pytest.mark.parametrize("woe", list(Woe))
async def test_a_delivery_suffers_its_woe(slack: Any, woe: Woe) -> None:
    app = slack.bolt()
    heard = []

    @app.command("/rollout")
    async def hear(ack: Any, body: Any) -> None:
        heard.append(body["trigger_id"])
        await ack()

    await slack.connect(app)
    slack.local.chance.strike = lambda kinds: woe if kinds is Woe else None
    slack.local.chance.seconds = lambda: 0.05
    answer = await slack.post("command", user="dana", channel=ROOM, command="/rollout", text="help")
    if woe is Woe.DISCONNECT:
        assert (answer["error"], heard) == ("no_app_connected", [])
    elif woe is Woe.LOSE_ANSWER:
        assert (answer["error"], len(heard)) == ("timeout", 1)
    elif woe is Woe.DUPLICATE:
        await asyncio.sleep(0.05)
        assert answer["ok"]
        assert len(heard) == 2
        assert len(set(heard)) == 1
    else:
        assert answer["ok"]
        assert len(heard) == 1


async def test_a_trigger_may_expire_at_once(slack: Any) -> None:
    slack.local.chance.strike = lambda kinds: Snag.EXPIRED if kinds is Snag else None
    trigger = slack.local.triggers.issue("U0DANA")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [{"type": "divider"}]}
    with pytest.raises(SlackApiError) as no:
        await slack.web.views_open(trigger_id=trigger, view=view)
    assert no.value.response["error"] == "expired_trigger_id"


@pytest.mark.parametrize("body", [{"rate": 1.5}, {"rate": -0.1}, {"seed": 7}, {"rate": True}])
async def test_a_rate_that_is_none_is_refused(slack: Any, body: dict[str, object]) -> None:
    assert (await slack.post("faults", **body))["ok"] is False


async def error(work: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await work
    return str(caught.value.response["error"])


async def test_an_archived_channel_takes_nothing_and_shows_everything(slack: Any) -> None:
    ts = (await slack.web.chat_postMessage(channel=ROOM, text="before"))["ts"]
    assert (await slack.post("archive", channel="gitguard-rollout"))["archived"] is True
    for by in (ROOM, "#gitguard-rollout"):
        assert await error(slack.web.chat_postMessage(channel=by, text="x")) == "is_archived"
    assert await error(slack.web.chat_update(channel=ROOM, ts=ts, text="x")) == "is_inactive"
    assert await error(slack.web.pins_add(channel=ROOM, timestamp=ts)) == "is_archived"
    assert await error(slack.web.chat_postEphemeral(channel=ROOM, user="U0DANA", text="x")) == "is_archived"
    said = await slack.post("command", user="dana", channel=ROOM, command="/rollout", text="help")
    assert said["error"] == "is_archived"
    assert len((await slack.web.conversations_history(channel=ROOM))["messages"]) == 1
    assert (await slack.web.conversations_info(channel=ROOM))["channel"]["is_archived"] is True
    listed = (await slack.web.conversations_list(exclude_archived=True))["channels"]
    assert ROOM not in {each["id"] for each in listed}
    await slack.post("archive", channel=ROOM, archived=False)
    assert (await slack.web.chat_postMessage(channel=ROOM, text="after"))["ok"]


async def test_a_bot_that_was_removed_is_in_the_channel_no_more_until_it_is_invited(slack: Any) -> None:
    ts = (await slack.web.chat_postMessage(channel=ROOM, text="before"))["ts"]
    await slack.post("kick", channel=ROOM)
    assert await error(slack.web.chat_postMessage(channel=ROOM, text="x")) == "not_in_channel"
    assert await error(slack.web.chat_update(channel=ROOM, ts=ts, text="x")) == "not_in_channel"
    assert (await slack.web.conversations_info(channel=ROOM))["channel"]["is_member"] is False
    await slack.post("invite", channel=ROOM)
    assert (await slack.web.chat_update(channel=ROOM, ts=ts, text="x"))["ok"]
    assert (await slack.post("kick", channel="nowhere"))["error"] == "unknown_channel"


async def test_oddities_take_scopes_groups_and_the_right_time_away(start: Any) -> None:
    oddities = Oddities(("usergroups:read",), (), 600.0)
    slack = await start(oddities=oddities)
    assert await error(slack.web.usergroups_list()) == "missing_scope"
    answer = await slack.web.auth_test()
    assert "usergroups:read" not in answer.headers["x-oauth-scopes"]
    slack = await start(oddities=Oddities(without_groups=("gitguard-devops",)))
    handles = {each["handle"] for each in (await slack.web.usergroups_list())["usergroups"]}
    assert "gitguard-security" in handles
    assert "gitguard-devops" not in handles
    slack = await start(oddities=Oddities(free_plan=True))
    assert await error(slack.web.usergroups_list()) == "plan_upgrade_required"
    assert await error(slack.web.usergroups_users_list(usergroup="S0DEVOPS")) == "plan_upgrade_required"
    with pytest.raises(Unknown, match="there are"):
        await start(oddities=Oddities(("chat:shout",)))


async def test_signed_requests_carry_slacks_time_not_the_hosts(start: Any) -> None:
    moments = []

    async def hear(request: web.Request) -> web.Response:
        moments.append(time.time() - int(request.headers["X-Slack-Request-Timestamp"]))
        return web.Response()

    app = web.Application()
    app.router.add_post("/slack/events", hear)
    async with running(app) as url:
        slack = await start(
            delivery="http",
            request_url=f"{url}/slack/events",
            signing_secret="s" * 32,
            oddities=Oddities(clock_off=600),
        )
        assert (await slack.post("command", user="dana", channel=ROOM, command="/rollout", text="help"))["ok"]
    assert 599 <= moments[0] <= 602
