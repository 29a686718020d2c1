"""The examination: every check side by side, each within its time, each finding without a secret."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.doctor import channels, clocks, database, guilds, identity, scopes, sources, systems, variables
from bot.doctor.findings import Check, Finding, State, fail
from bot.doctor.house import House


def checks_of(house: House) -> list[Check]:
    """All checks that fit this house, in the order of the report."""
    rooms = (variables, identity, scopes, clocks, channels, guilds, database, systems, sources)
    return [check for room in rooms for check in room.checks(house)]


async def examine(house: House, checks: Sequence[Check] | None = None) -> list[Finding]:
    """Run every check; one that hangs or breaks is a finding itself and keeps none of the others."""
    wanted = checks_of(house) if checks is None else checks
    ended = await asyncio.gather(*(_within(check) for check in wanted), return_exceptions=True)
    findings: list[Finding] = []
    for check, end in zip(wanted, ended, strict=True):
        if isinstance(end, BaseException):
            if not isinstance(end, Exception):
                raise end
            told = f"the check itself broke ({type(end).__name__}); nothing is known"
            findings += fail(check.name, told, "Report this with the version of the bot; the other checks hold.")
        else:
            findings += end
    return [_clean(house, finding) for finding in findings]


async def _within(check: Check) -> list[Finding]:
    try:
        async with asyncio.timeout(check.limit):
            return await check.run()
    except TimeoutError:
        remedy = "See whether what this check asks is up, and whether a firewall swallows the way to it."
        return fail(check.name, f"hangs: no answer within {check.limit:g} s", remedy)


def _clean(house: House, finding: Finding) -> Finding:
    return replace(finding, found=house.unsecret(finding.found), remedy=house.unsecret(finding.remedy))


def stands(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed."""
    return all(finding.state is not State.FAIL for finding in findings)
