"""Clocks: this host's against Slack's and against the database's; signatures die at five minutes."""

from datetime import timedelta
from functools import partial
from typing import Final

from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import House
from bot.doctor.slack import NoAnswer

MOST: Final = timedelta(seconds=60)
SOME: Final = timedelta(seconds=10)
_SET: Final = "Set this host's clock by NTP (`timedatectl set-ntp true`); Slack's signatures are refused beyond 300 s."
_BOTH: Final = "Set the clocks of this host and of the database's by NTP; leases and timers go by both."


def checks(house: House) -> list[Check]:
    """Slack's clock; the database's is compared where its books are read."""
    return [Check("clock", partial(slack_clock, house))]


async def slack_clock(house: House) -> list[Finding]:
    """Any answer tells Slack's time, also one that refuses the token."""
    try:
        ahead = (await house.slack.whoami()).ahead
    except NoAnswer:
        return skipped("clock", "Slack could not be asked")
    if ahead is None:
        return skipped("clock", "the answer told no time")
    return compared("clock", ahead, "Slack's", _SET)


def database_clock(check: str, ahead: timedelta) -> list[Finding]:
    """How far the host is ahead of the database's server."""
    return compared(check, ahead, "the database's", _BOTH)


def compared(check: str, ahead: timedelta, whose: str, remedy: str) -> list[Finding]:
    """A minute is too much, ten seconds deserve a look."""
    seconds = abs(ahead.total_seconds())
    side = "ahead of" if ahead > timedelta() else "behind"
    told = f"this host is {seconds:.0f} s {side} {whose} clock"
    if seconds > MOST.total_seconds():
        return fail(check, told, remedy)
    return warn(check, told, remedy) if seconds > SOME.total_seconds() else ok(check, told)
