"""What the doctor says of Slack: tokens, scopes, clock, channels and guilds, each trouble with its remedy."""

from datetime import timedelta

import pytest

from bot.doctor import channels, clocks, guilds, identity, scopes
from bot.doctor.findings import State
from bot.plans.loader import load_text
from tests.doctor.conftest import ROOM, Scripted


def no(error, **more):
    return {"ok": False, "error": error, **more}


def one(findings, state):
    found = [each for each in findings if each.state is state]
    assert len(found) == 1, findings
    assert bool(found[0].remedy) == (state in {State.WARN, State.FAIL})
    return found[0]


async def test_good_tokens_are_told_by_bot_and_workspace(house):
    assert one(await identity.bot_token(house()), State.OK).found == "rollout in Guard"
    assert one(await identity.app_token(house()), State.OK)
    assert one(await identity.app_token(house(ROLLOUT_HTTP_PORT="3000")), State.SKIPPED)


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive", "a_new_one"])
async def test_a_refused_bot_token_names_slacks_word_and_a_remedy(house, error):
    found = one(await identity.bot_token(house(Scripted(**{"auth.test": no(error)}))), State.FAIL)
    assert error in found.found


async def test_a_persons_token_is_not_a_bots(house):
    slack = Scripted(**{"auth.test": {"ok": True, "user": "dana", "team": "Guard", "team_id": "T1"}})
    assert "person's token" in one(await identity.bot_token(house(slack)), State.FAIL).found


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        ("missing_scope", State.FAIL, "connections:write"),
        ("socket_mode_not_enabled", State.FAIL, "Socket Mode"),
        ("invalid_auth", State.FAIL, "Copy it again"),
        ("ratelimited", State.WARN, "wait a minute"),
    ],
)
async def test_a_refused_app_token_has_the_fitting_remedy(house, error, state, says):
    slack = Scripted(**{"apps.connections.open": no(error)})
    assert says in one(await identity.app_token(house(slack)), state).remedy


async def test_slack_that_cannot_be_reached_is_told_once_and_the_rest_is_skipped(house, plan):
    away = "auth.test could not reach Slack (ClientConnectorError)"
    slack = Scripted(**dict.fromkeys(("auth.test", "conversations.list", "usergroups.list"), away))
    assert one(await identity.bot_token(house(slack)), State.FAIL)
    for findings in (
        await scopes.scopes(house(slack)),
        await clocks.slack_clock(house(slack)),
        await channels.channel(house(slack), plan),
        await guilds.guilds(house(slack), plan),
    ):
        assert [each.state for each in findings] == [State.SKIPPED]


async def test_missing_and_superfluous_scopes_are_named(house):
    slack = Scripted()
    slack.scopes = slack.scopes - {"pins:write"} | {"admin"}
    findings = await scopes.scopes(house(slack))
    assert one(findings, State.FAIL).found == "pins:write is missing"
    assert one(findings, State.FAIL).remedy.startswith("Add pins:write under OAuth & Permissions and reinstall")
    assert one(findings, State.WARN).found == "admin is granted but not needed"


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, State.OK), (9, State.OK), (11, State.WARN), (-59, State.WARN), (61, State.FAIL), (-600, State.FAIL)],
)
async def test_a_clock_is_wrong_from_a_minute_on_in_either_direction(house, seconds, state):
    slack = Scripted()
    slack.ahead = timedelta(seconds=seconds)
    found = one(await clocks.slack_clock(house(slack)), state)
    assert f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} Slack's" in found.found


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"is_archived": True}, "Unarchive it"),
        ({"is_member": False}, "Write `/invite @rollout` in #gitguard-rollout."),
        ({"name": "gitguard-rollouts"}, "did you mean '#gitguard-rollouts'?"),
    ],
)
async def test_a_channel_that_cannot_be_used_is_told_with_its_remedy(house, plan, row, says):
    slack = Scripted(**{"conversations.list": {"ok": True, "channels": [ROOM | row]}})
    assert says in one(await channels.channel(house(slack), plan), State.FAIL).remedy


async def test_a_channel_on_a_later_page_is_found(house, plan):
    def paged(given):
        if given.get("cursor") == "more":
            return {"ok": True, "channels": [ROOM]}
        return {"ok": True, "channels": [], "response_metadata": {"next_cursor": "more"}}

    assert one(await channels.channel(house(Scripted(**{"conversations.list": paged})), plan), State.OK)


async def test_a_channel_by_id_is_asked_for_by_id(house, text):
    plan = load_text(text.replace('channel: "#gitguard-rollout"', "channel: C0NOWHERE", 1), "x.yml")
    slack = Scripted(**{"conversations.info": no("channel_not_found")})
    assert "C0NOWHERE" in one(await channels.channel(house(slack), plan), State.FAIL).found
    slack = Scripted(**{"conversations.info": {"ok": True, "channel": ROOM}})
    assert one(await channels.channel(house(slack), plan), State.OK)


async def test_guilds_that_are_well_are_counted(house, plan):
    findings = await guilds.guilds(house(), plan)
    assert [each.state for each in findings] == [State.OK] * 3
    assert "2 full members" in findings[0].found


async def test_a_workspace_without_user_groups_is_told_to_name_members(house, plan):
    slack = Scripted(**{"usergroups.list": no("plan_upgrade_required")})
    findings = await guilds.guilds(house(slack), plan)
    assert [each.state for each in findings] == [State.FAIL] * 2
    assert all("paid plan" in each.remedy and "`members:`" in each.remedy for each in findings)


async def test_a_disabled_group_is_not_an_absent_one(house, plan):
    groups = [{"id": "S1", "handle": "gitguard-devops", "date_delete": 1700000000}]
    findings = await guilds.guilds(house(Scripted(**{"usergroups.list": {"ok": True, "usergroups": groups}})), plan)
    assert [each.found for each in findings] == [
        "the user group @gitguard-devops is disabled",
        "the workspace has no user group @gitguard-security",
    ]


async def test_guests_bots_and_strangers_never_count(house, text):
    members = "{usergroup: gitguard-devops, members: [UGWEN, UNOBODY], title: DevOps}"
    plan = load_text(text.replace("{usergroup: gitguard-devops, title: DevOps}", members, 1), "x.yml")
    findings = await guilds.guilds(house(), plan)
    failed = [each.found for each in findings if each.state is State.FAIL]
    assert failed == ["UGWEN of `members:` is a guest", "UNOBODY of `members:` is nobody of this workspace"]


async def test_a_guild_that_is_too_small_besides_the_requester_is_a_failure(house, plan):
    alone = lambda given: {"ok": True, "users": {"S1": ["UDANA"], "S2": ["UPRIYA"]}[given["usergroup"]]}  # noqa: E731 - a script
    findings = await guilds.guilds(house(Scripted(**{"usergroups.users.list": alone})), plan)
    failed = [each for each in findings if each.state is State.FAIL]
    assert failed
    assert all(each.check == "quorums of gitguard" and "devops needs" in each.found for each in failed)


async def test_lists_are_read_once_however_many_plans_ask(house, plan):
    slack = Scripted()
    home = house(slack, plans=(plan, plan))
    for _ in range(2):
        await channels.channel(home, plan)
        await guilds.guilds(home, plan)
        await scopes.scopes(home)
    assert slack.asked.count("conversations.list") == 1
    assert slack.asked.count("usergroups.list") == 1
    assert slack.asked.count("auth.test") == 1
