"""Channels: each plan's channel exists, is not archived, and the bot is in it."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from bot.doctor.findings import Check, Finding, fail, ok, skipped
from bot.doctor.house import House
from bot.doctor.slack import NoAnswer, SlackSaysNo
from bot.domain.nearest import did_you_mean
from bot.domain.plan import Plan

_GONE: Final = frozenset({"channel_not_found"})


def checks(house: House) -> list[Check]:
    """One check for each plan."""
    return [Check(f"channel of {plan.name}", partial(channel, house, plan)) for plan in house.plans]


async def channel(house: House, plan: Plan) -> list[Finding]:
    """Find it as the announcer will: by name among what the bot sees, or by its id."""
    check = f"channel of {plan.name}"
    if not house.slack.token:
        return skipped(check, "SLACK_BOT_TOKEN is not set")
    try:
        row, known = await _find(house, plan.channel)
    except SlackSaysNo as no:
        if no.needed:
            return skipped(check, f"cannot be looked up without the scope {no.needed}")
        return fail(check, f"{plan.channel}: Slack answers {no.error}", "Correct the bot token first.")
    except NoAnswer:
        return skipped(check, "Slack could not be asked")
    if row is None:
        meant = did_you_mean(plan.channel, known)
        remedy = f"Correct `channel:` in the plan ({meant}); a private channel is seen only after `/invite @rollout`."
        return fail(check, f"the bot sees no channel {plan.channel}", remedy)
    return await _state(house, check, plan, row)


async def _find(house: House, named: str) -> tuple[Mapping[str, Any] | None, list[str]]:
    if not named.startswith("#"):
        try:
            return (await house.slack.get("conversations.info", channel=named))["channel"], []
        except SlackSaysNo as no:
            if no.error in _GONE:
                return None, []
            raise
    rows = await house.slack.channels()
    live = [f"#{row.get('name')}" for row in rows if not row.get("is_archived")]
    return next((row for row in rows if f"#{row.get('name')}" == named), None), live


async def _state(house: House, check: str, plan: Plan, row: Mapping[str, Any]) -> list[Finding]:
    if row.get("is_archived"):
        remedy = "Unarchive it, or name another one under `channel:` in the plan."
        return fail(check, f"{plan.channel} is archived", remedy)
    if not row.get("is_member"):
        bot = (await house.slack.whoami()).data.get("user") or "rollout"
        return fail(check, f"the bot is not in {plan.channel}", f"Write `/invite @{bot}` in {plan.channel}.")
    return ok(check, f"{plan.channel} ({row.get('id')}), {row.get('num_members', '?')} members, the bot among them")
