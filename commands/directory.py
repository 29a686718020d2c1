"""The directory: who somebody is and which guilds he may speak for, asked of Slack and remembered for moments only."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.people import Kind, Person
from bot.domain.plan import Guild
from bot.ports import Unreachable
from commands.acquaintances import Acquaintances

T = TypeVar("T")
# Lives in seconds; a failure is not kept at all.
USER_LIFE: Final = 60.0
MEMBERS_LIFE: Final = 15.0
GROUPS_LIFE: Final = 300.0
DAY: Final = 86400.0
FRESH: Final = 2.0
ANSWERS_WITHIN: Final = 5.0
# A command is answered within 2.5 s, and is told twice who asks.
WAITS_FOR_SLACK: Final = 1.2
WAITS_IN_SILENCE: Final = 0.1
_STRANGERS: Final = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_NO_GROUPS: Final = frozenset({"plan_upgrade_required", "no_such_subteam", "subteam_not_found"})


class _NoGroup(Exception):  # noqa: N818 - what is missing
    """The workspace has no such user group, or no user groups at all."""


@dataclass
class _Kept:
    at: float
    answer: "asyncio.Future[Any]"

    @property
    def failed(self) -> bool:
        """Whether it came to nothing, maybe after everybody who asked had stopped waiting."""
        return self.answer.done() and (self.answer.cancelled() or self.answer.exception() is not None)


@dataclass
class SlackDirectory:
    """The promises of Directory. What cannot be read is Unreachable: nobody counts on an old list for long."""

    client: AsyncWebClient
    elapsed: Callable[[], float] = time.monotonic
    known: Acquaintances | None = None
    _silent_until: float = 0.0
    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)
    _lists: set[tuple[str, str]] = field(default_factory=set)  # the keys of every guild's members

    async def person(self, user: str, guilds: Mapping[str, Guild]) -> Person:
        """Who this is now. Where no guild is asked for, whom Slack vouched for within a day while it is silent."""
        person = self._at_hand(user, guilds)
        if self.known is None or guilds:
            return person or await self._person(user, guilds)
        try:
            person = person or await self._soon(user)
        except (Unreachable, TimeoutError) as no:
            self._silent_until = self.elapsed() + FRESH
            known = await self.known.last(user)
            if known is None:
                raise Unreachable("Slack does not answer") from no
            return known
        self.known.met(person)
        return person

    async def _soon(self, user: str) -> Person:
        """While Slack is silent nobody waits long to be told so."""
        async with asyncio.timeout(WAITS_IN_SILENCE if self.elapsed() < self._silent_until else WAITS_FOR_SLACK):
            return await self._person(user, {})

    def _at_hand(self, user: str, guilds: Mapping[str, Guild]) -> Person | None:
        """Who this is, where nothing has to be waited for: nearly every command asks twice, and Slack was asked."""
        if any(guild.usergroup for guild in guilds.values()):
            return None
        found, team = self._answered(("user", user), USER_LIFE), self._answered(("team", ""), DAY)
        if found is None or team is None:
            return None
        return _person_of(user, found.result(), team.result(), {name: guild.members for name, guild in guilds.items()})

    def _answered(self, key: tuple[str, str], life: float) -> "asyncio.Future[Any] | None":
        """What is kept and young enough and was answered; None where that is not so."""
        kept = self._kept.get(key)
        if kept is None or self.elapsed() - kept.at > life or not kept.answer.done():
            return None
        return None if kept.answer.cancelled() or kept.answer.exception() else kept.answer

    async def _person(self, user: str, guilds: Mapping[str, Guild]) -> Person:
        asked = (self.members(guild) for guild in guilds.values())
        found, team, *members = await asyncio.gather(self._user(user), self._team(), *asked)
        return _person_of(user, found, team, dict(zip(guilds, members, strict=True)))

    async def members(self, guild: Guild) -> tuple[str, ...]:
        if not guild.usergroup:
            return guild.members
        try:
            grouped = await self._in_group(guild.usergroup)
        except _NoGroup as why:
            if guild.members:
                return guild.members
            raise Unreachable(
                f"{why}; make the user group {guild.usergroup}, or name people under `members:` in the plan"
            ) from why
        return tuple(dict.fromkeys((*guild.members, *grouped)))

    async def mention(self, guild: Guild) -> str:
        """How the guild is called so that its members notice, once; raises Unreachable when it cannot be known."""
        if guild.usergroup is None:
            return " ".join(f"<@{member}>" for member in guild.members)
        try:
            group = (await self._ask(("groups", ""), GROUPS_LIFE, self._groups)).get(guild.usergroup.lstrip("@"))
        except _NoGroup as why:
            raise Unreachable(str(why)) from why
        if group is None:
            raise Unreachable(f"the workspace has no user group @{guild.usergroup}")
        return f"<!subteam^{group}>"

    def forget(self, user: str) -> None:
        """Have who this is, and who is in which guild, read anew before a decision, unless it was read just now."""
        now = self.elapsed()
        for key in (("user", user), *self._lists):
            kept = self._kept.get(key)
            if kept is not None and now - kept.at > FRESH:
                del self._kept[key]

    async def _in_group(self, usergroup: str) -> tuple[str, ...]:
        name = usergroup.lstrip("@")
        groups = await self._ask(("groups", ""), GROUPS_LIFE, self._groups)
        group = groups.get(name)
        if group is None:
            # It may have been made since; the list is cheap compared with a wrong no.
            self._kept.pop(("groups", ""), None)
            group = (await self._ask(("groups", ""), GROUPS_LIFE, self._groups)).get(name)
        if group is None:
            raise _NoGroup(f"the workspace has no user group @{name}")
        self._lists.add(("members", group))
        return await self._ask(("members", group), MEMBERS_LIFE, lambda: self._users(group))

    async def _ask(self, key: tuple[str, str], life: float, read: Callable[[], Awaitable[T]]) -> T:
        """One call for everybody who asks meanwhile; an answer is kept for its life, a failure not at all."""
        now = self.elapsed()
        kept = self._kept.get(key)
        if kept is None or now - kept.at > life or kept.failed:
            kept = self._kept[key] = _Kept(now, asyncio.ensure_future(_within(read)))
        try:
            answer: T = await asyncio.shield(kept.answer)
        except BaseException:
            # Somebody who merely stopped waiting takes nothing from the others.
            if kept.answer.done() and self._kept.get(key) is kept:
                del self._kept[key]
            raise
        return answer

    async def _user(self, user: str) -> Mapping[str, Any] | None:
        return await self._ask(("user", user), USER_LIFE, lambda: self._info(user))

    async def _team(self) -> str:
        return await self._ask(("team", ""), DAY, self._own_team)

    async def _own_team(self) -> str:
        return str((await self.client.auth_test())["team_id"])

    async def _info(self, user: str) -> Mapping[str, Any] | None:
        try:
            found = (await self.client.users_info(user=user))["user"]
        except SlackApiError as no:
            if no.response.get("error") in _STRANGERS:
                return None
            raise
        return found if isinstance(found, Mapping) else None

    async def _groups(self) -> Mapping[str, str]:
        try:
            found = (await self.client.usergroups_list())["usergroups"]
        except SlackApiError as no:
            raise _missing(no) from no
        standing = [each for each in found or () if not each.get("date_delete")]
        by_id = {str(each["id"]): str(each["id"]) for each in standing}
        return by_id | {str(each["handle"]): str(each["id"]) for each in standing}

    async def _users(self, group: str) -> tuple[str, ...]:
        try:
            found = (await self.client.usergroups_users_list(usergroup=group))["users"]
        except SlackApiError as no:
            raise _missing(no) from no
        return tuple(map(str, found or ()))


def _person_of(user: str, found: Mapping[str, Any] | None, team: str, members: Mapping[str, tuple[str, ...]]) -> Person:
    if found is None:
        return Person(user, user, kind=Kind.FOREIGN)
    named = frozenset(name for name, those in members.items() if user in those)
    profile = found.get("profile") or {}
    shown = profile.get("display_name") or found.get("real_name") or found.get("name") or user
    return Person(user, str(shown), named, kind_of(found, team))


def kind_of(user: Mapping[str, Any], team: str) -> Kind:
    """What kind of member Slack says this is; only a full member of this very workspace ever counts."""
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return Kind.BOT
    elsewhere = user.get("is_stranger") or (user.get("team_id") or team) != team
    if user.get("deleted") or elsewhere:
        return Kind.FOREIGN
    return Kind.GUEST if user.get("is_restricted") or user.get("is_ultra_restricted") else Kind.FULL


def _missing(no: SlackApiError) -> Exception:
    error = no.response.get("error")
    if error not in _NO_GROUPS:
        return no
    return _NoGroup("user groups need a paid workspace" if error == "plan_upgrade_required" else "the group is gone")


async def _within(read: Callable[[], Awaitable[T]]) -> T:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            return await read()
    except SlackApiError as no:
        raise Unreachable(f"Slack answered {no.response.get('error', 'with an error')}") from no
    except (SlackClientError, ClientError, TimeoutError, OSError) as no:
        raise Unreachable("Slack does not answer") from no
