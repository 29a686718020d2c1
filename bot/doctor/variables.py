"""Variables: the bot's own settings are there, none is a placeholder, and every plan can be read."""

from functools import partial
from typing import Final

from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import House

_HEX_SECRET: Final = 32


def checks(house: House) -> list[Check]:
    """The settings, the signing secret, and each plan that could not be read."""
    return [
        Check("settings", partial(settings, house)),
        Check("signing secret", partial(signing_secret, house)),
        Check("plans", partial(plans, house)),
    ]


async def settings(house: House) -> list[Finding]:
    """Exactly what a start would say, variable by variable."""
    found: list[Finding] = []
    for line in house.unfit.splitlines():
        told, _, remedy = line.partition("; ")
        found += fail("settings", told, remedy.capitalize() or "Correct it in the bot's env file; see the README.")
    return found or ok("settings", "all set; " + ("signed HTTP" if house.http else "Socket Mode"))


async def signing_secret(house: House) -> list[Finding]:
    """Its shape; only a delivery proves that it is the right one."""
    if not house.http:
        return skipped("signing secret", "Socket Mode needs none")
    secret = house.said("SLACK_SIGNING_SECRET")
    if not secret:
        return skipped("signing secret", "SLACK_SIGNING_SECRET is not set")
    if len(secret) != _HEX_SECRET or set(secret) - set("0123456789abcdef"):
        remedy = "Copy the Signing Secret of the app's page Basic Information; it has 32 digits of 0-9 and a-f."
        return warn("signing secret", "it does not have the shape of Slack's signing secrets", remedy)
    return ok("signing secret", "well-formed; the first command from Slack proves it")


async def plans(house: House) -> list[Finding]:
    """What could not be read, file by file."""
    found: list[Finding] = []
    for name, fault in house.faults.items():
        found += fail(f"plan {name}", fault, "Correct the plan; `rollout lint FILE` shows every fault with its place.")
    if house.plans:
        found += ok("plans", ", ".join(f"{plan.name} ({len(plan.phases)} phases)" for plan in house.plans))
    return found
