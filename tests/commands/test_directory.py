"""Who somebody is: asked of Slack, remembered for moments, and closed when Slack does not say."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientConnectionError
from slack_sdk.errors import SlackApiError

from bot.domain.people import Kind
from bot.domain.plan import Guild
from bot.ports import Unreachable
from commands.directory import SlackDirectory, kind_of

TEAM = "T0HOME"
GUILDS = {"devops": Guild("devops-team"), "security": Guild(None, ("U0ANN",))}


def _no(error: str) -> SlackApiError:
    return SlackApiError("no", {"ok": False, "error": error})  # type: ignore[no-untyped-call]


class Client:
    """A Web API of one workspace; `errors` names methods that answer with an error."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {
            "U0ANN": {"id": "U0ANN", "team_id": TEAM, "name": "ann", "profile": {"display_name": "Ann"}},
            "U0BOB": {"id": "U0BOB", "team_id": TEAM, "name": "bob", "real_name": "Bob"},
        }
        self.groups = [{"id": "S0DEVOPS", "handle": "devops-team", "date_delete": 0}]
        self.members = {"S0DEVOPS": ["U0BOB"]}
        self.errors: dict[str, str | Exception] = {}
        self.calls: list[str] = []

    def _call(self, method: str) -> None:
        self.calls.append(method)
        error = self.errors.get(method)
        if isinstance(error, Exception):
            raise error
        if error:
            raise _no(error)

    async def auth_test(self) -> Mapping[str, Any]:
        self._call("auth.test")
        return {"team_id": TEAM}

    async def users_info(self, *, user: str) -> Mapping[str, Any]:
        self._call("users.info")
        if user not in self.users:
            raise _no("user_not_found")
        return {"user": self.users[user]}

    async def usergroups_list(self) -> Mapping[str, Any]:
        self._call("usergroups.list")
        return {"usergroups": self.groups}

    async def usergroups_users_list(self, *, usergroup: str) -> Mapping[str, Any]:
        self._call("usergroups.users.list")
        return {"users": self.members[usergroup]}


class Hands:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def directory(client: Any, hands: Hands) -> SlackDirectory:
    return SlackDirectory(client, hands)


async def test_a_person_has_the_guilds_of_user_groups_and_of_the_plan(directory: SlackDirectory) -> None:
    ann = await directory.person("U0ANN", GUILDS)
    bob = await directory.person("U0BOB", GUILDS)
    assert (ann.name, ann.guilds, ann.kind) == ("Ann", frozenset({"security"}), Kind.FULL)
    assert (bob.name, bob.guilds) == ("Bob", frozenset({"devops"}))


async def test_a_user_group_and_named_members_are_one_guild(directory: SlackDirectory) -> None:
    assert await directory.members(Guild("@devops-team", ("U0ANN", "U0BOB"))) == ("U0ANN", "U0BOB")
    assert await directory.members(Guild("S0DEVOPS")) == ("U0BOB",)


@pytest.mark.parametrize(
    ("marks", "kind"),
    [
        ({}, Kind.FULL),
        ({"is_restricted": True}, Kind.GUEST),
        ({"is_ultra_restricted": True}, Kind.GUEST),
        ({"is_bot": True}, Kind.BOT),
        ({"id": "USLACKBOT"}, Kind.BOT),
        ({"is_bot": True, "is_restricted": True}, Kind.BOT),
        ({"deleted": True}, Kind.FOREIGN),
        ({"is_stranger": True}, Kind.FOREIGN),
        ({"team_id": "T0OTHER"}, Kind.FOREIGN),
        ({"team_id": "T0OTHER", "is_restricted": True}, Kind.FOREIGN),
    ],
)
def test_only_a_full_member_of_this_workspace_is_one(marks: dict[str, Any], kind: Kind) -> None:
    assert kind_of({"id": "U0ANN", "team_id": TEAM} | marks, TEAM) is kind


async def test_somebody_whom_slack_does_not_know_is_foreign(directory: SlackDirectory) -> None:
    assert (await directory.person("U0NOBODY", GUILDS)).kind is Kind.FOREIGN


async def test_answers_live_for_moments_and_a_decision_has_them_read_anew(
    directory: SlackDirectory, client: Client, hands: Hands
) -> None:
    await directory.person("U0BOB", GUILDS)
    first = len(client.calls)
    await directory.person("U0BOB", GUILDS)
    assert len(client.calls) == first
    client.members["S0DEVOPS"] = []
    directory.forget("U0BOB")
    assert (await directory.person("U0BOB", GUILDS)).guilds == {"devops"}, "read this very moment"
    hands.seconds = 3
    assert (await directory.person("U0BOB", GUILDS)).guilds == {"devops"}
    directory.forget("U0BOB")
    assert (await directory.person("U0BOB", GUILDS)).guilds == frozenset()
    client.members["S0DEVOPS"] = ["U0BOB"]
    hands.seconds = 20
    assert (await directory.person("U0BOB", GUILDS)).guilds == {"devops"}


async def test_many_who_ask_at_once_make_one_call(directory: SlackDirectory, client: Client) -> None:
    await asyncio.gather(*(directory.person("U0BOB", GUILDS) for _ in range(50)))
    assert sorted(client.calls) == ["auth.test", "usergroups.list", "usergroups.users.list", "users.info"]


@pytest.mark.parametrize("method", ["users.info", "usergroups.list", "usergroups.users.list", "auth.test"])
@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "missing_scope", ClientConnectionError("gone")])
async def test_what_cannot_be_read_is_unreachable_and_not_remembered(
    directory: SlackDirectory, client: Client, method: str, error: str | Exception
) -> None:
    client.errors[method] = error
    with pytest.raises(Unreachable):
        await directory.person("U0BOB", GUILDS)
    client.errors.clear()
    assert (await directory.person("U0BOB", GUILDS)).guilds == {"devops"}


async def test_without_user_groups_named_members_count_alone(directory: SlackDirectory, client: Client) -> None:
    client.errors["usergroups.list"] = "plan_upgrade_required"
    assert await directory.members(Guild("devops-team", ("U0ANN",))) == ("U0ANN",)
    with pytest.raises(Unreachable, match=r"paid workspace.*members"):
        await directory.members(Guild("devops-team"))


async def test_an_unknown_user_group_is_named_with_its_remedy(directory: SlackDirectory, client: Client) -> None:
    assert await directory.members(Guild("nobodys", ("U0ANN",))) == ("U0ANN",)
    with pytest.raises(Unreachable, match=r"no user group @nobodys.*members"):
        await directory.members(Guild("nobodys"))
    client.groups.append({"id": "S0NEW", "handle": "nobodys"})
    client.members["S0NEW"] = ["U0BOB"]
    assert await directory.members(Guild("nobodys")) == ("U0BOB",)


async def test_a_disabled_user_group_has_no_members(directory: SlackDirectory, client: Client) -> None:
    client.groups[0]["date_delete"] = 1700000000
    with pytest.raises(Unreachable, match="no user group"):
        await directory.members(GUILDS["devops"])


async def test_a_rate_limit_never_falls_back_to_a_shorter_list(directory: SlackDirectory, client: Client) -> None:
    client.errors["usergroups.list"] = "ratelimited"
    with pytest.raises(Unreachable, match="ratelimited"):
        await directory.members(Guild("devops-team", ("U0ANN",)))


async def test_a_failure_that_nobody_waited_for_is_not_kept(directory: SlackDirectory, client: Client) -> None:
    fails = asyncio.Event()

    async def hanging() -> Mapping[str, Any]:
        await fails.wait()
        raise ClientConnectionError

    known, client.auth_test = client.auth_test, hanging  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(directory.person("U0ANN", {}), 0.01)
    fails.set()
    await asyncio.sleep(0.01)
    client.auth_test = known  # type: ignore[method-assign]
    assert (await directory.person("U0ANN", GUILDS)).name == "Ann", "Slack is well again"
