"""Guilds: each has its user group or its members, all of them full members, enough for every quorum."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import House
from bot.doctor.quorums import Shortage, shortages
from bot.doctor.slack import NoAnswer, SlackSaysNo
from bot.domain.nearest import did_you_mean
from bot.domain.people import Kind
from bot.domain.plan import Guild, Plan
from commands.directory import kind_of

_MOST_LOOKED_AT: Final = 100
_AT_ONCE: Final = 8
_PAID: Final = "User groups need a paid plan: name the people by id under `members:` of this guild in the plan."


class _Unknown(Exception):  # noqa: N818 - what it means for this guild
    """The members of a guild cannot be known; the finding says why."""

    def __init__(self, finding: list[Finding]) -> None:
        super().__init__(finding)
        self.finding = finding


def checks(house: House) -> list[Check]:
    """One check for each plan: its guilds are counted together, since people may be in two."""
    return [Check(f"guilds of {plan.name}", partial(guilds, house, plan), 30.0) for plan in house.plans]


async def guilds(house: House, plan: Plan) -> list[Finding]:
    """Every guild by itself, then the quorums of all phases."""
    if not house.slack.token:
        return skipped(f"guilds of {plan.name}", "SLACK_BOT_TOKEN is not set")
    found: list[Finding] = []
    members: dict[str, frozenset[str]] = {}
    for name, guild in plan.guilds.items():
        try:
            members[name], told = await _guild(house, f"guild {name} of {plan.name}", guild)
            found += told
        except _Unknown as unknown:
            found += unknown.finding
        except NoAnswer:
            return skipped(f"guilds of {plan.name}", "Slack could not be asked")
    if len(members) == len(plan.guilds):
        found += _quorums(plan, members)
    return found


async def _guild(house: House, check: str, guild: Guild) -> tuple[frozenset[str], list[Finding]]:
    grouped = await _grouped(house, check, guild) if guild.usergroup else ()
    full, others = await _sorted(house, {*grouped, *guild.members})
    found: list[Finding] = []
    for member in sorted(set(guild.members) & others.keys()):
        remedy = "Name the id of a full member of this workspace under `members:` in the plan."
        found += fail(check, f"{member} of `members:` is {others[member]}", remedy)
    where = f"@{guild.usergroup.lstrip('@')}: " if guild.usergroup else ""
    left = others.keys() - set(guild.members)
    apart = f"; {len(left)} more never count (guests, bots, others)" if left else ""
    return full, [*found, *ok(check, f"{where}{len(full)} full members{apart}")]


async def _grouped(house: House, check: str, guild: Guild) -> tuple[str, ...]:
    name = (guild.usergroup or "").lstrip("@")
    try:
        rows = await house.slack.groups()
        row = next((row for row in rows if name in {row.get("handle"), row.get("id")}), None)
        if row is None or row.get("date_delete"):
            raise _Unknown(_absent(check, name, row, rows, guild))
        return tuple((await house.slack.get("usergroups.users.list", usergroup=row["id"])).get("users") or ())
    except SlackSaysNo as no:
        raise _Unknown(_refused(check, name, no)) from no


def _absent(
    check: str, name: str, row: Mapping[str, Any] | None, rows: Iterable[Mapping[str, Any]], guild: Guild
) -> list[Finding]:
    if row is not None:
        return fail(
            check, f"the user group @{name} is disabled", f"Enable @{name} under People & user groups in Slack."
        )
    meant = did_you_mean(name, (str(each.get("handle")) for each in rows if not each.get("date_delete")))
    remedy = f"Make the user group @{name} in Slack, or correct `usergroup:` in the plan ({meant})."
    if guild.members:
        remedy = f"Take `usergroup:` out of the plan, or make @{name} in Slack: only the named members count now."
    return fail(check, f"the workspace has no user group @{name}", remedy)


def _refused(check: str, name: str, no: SlackSaysNo) -> list[Finding]:
    if no.error == "plan_upgrade_required":
        return fail(check, f"this workspace's plan has no user groups, so @{name} cannot be read", _PAID)
    if no.needed:
        return skipped(check, f"@{name} cannot be read without the scope {no.needed}")
    return fail(check, f"@{name}: Slack answers {no.error}", "See what Slack documents for this answer, and ask again.")


async def _sorted(house: House, users: set[str]) -> tuple[frozenset[str], dict[str, str]]:
    """The full members, and what the others are. Beyond a hundred people the rest is taken as full members."""
    running = asyncio.Semaphore(_AT_ONCE)
    team = str((await house.slack.whoami()).data.get("team_id"))

    async def kind(user: str) -> str:
        async with running:
            return await _kind(house, user, team)

    looked_at = sorted(users)[:_MOST_LOOKED_AT]
    kinds = dict(zip(looked_at, await asyncio.gather(*map(kind, looked_at)), strict=True))
    others = {user: what for user, what in kinds.items() if what}
    return frozenset(users - others.keys()), others


async def _kind(house: House, user: str, team: str) -> str:
    """What keeps somebody from counting; empty for a full member, or where it cannot be asked."""
    try:
        row = (await house.slack.get("users.info", user=user))["user"]
    except SlackSaysNo as no:
        return "" if no.needed or no.error == "ratelimited" else "nobody of this workspace"
    if row.get("deleted"):
        return "deactivated"
    words = {Kind.FULL: "", Kind.GUEST: "a guest", Kind.BOT: "a bot", Kind.FOREIGN: "of another workspace"}
    return words[kind_of(row, team)]


def _quorums(plan: Plan, members: Mapping[str, frozenset[str]]) -> list[Finding]:
    check = f"quorums of {plan.name}"
    found: list[Finding] = []
    for phase in plan.phases:
        short = shortages(phase.approvals.quorum, members, members.get(plan.run_by, frozenset()))
        found += _short(check, phase.name, short, plan)
    return found or ok(check, f"enough members for all {len(plan.phases)} phases, whoever asks")


def _short(check: str, phase: str, short: Shortage, plan: Plan) -> list[Finding]:
    if short.whoever:
        lacking = ", ".join(f"{guild} needs {need} besides the requester" for guild, need in short.lacking.items())
        remedy = "Add full members to the guild, or lower `quorum:` in the plan."
        return fail(
            check, f"{phase} can never be approved: {lacking or 'the same people are in too few guilds'}", remedy
        )
    if short.askers:
        who = ", ".join(sorted(short.askers))
        remedy = f"Let somebody else of {plan.run_by} ask, or add members."
        return warn(check, f"{phase} cannot be approved when it is {who} who asks", remedy)
    return []
