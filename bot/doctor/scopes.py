"""Scopes: what the app was granted, by name, against what its manifest asks for."""

from functools import partial
from typing import Final

from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import House
from bot.doctor.slack import NoAnswer
from bot.setup.manifest import MANIFEST, scopes_of, written

_ADD: Final = "Add {} under OAuth & Permissions and reinstall the app to the workspace."
_TAKE: Final = "Take {} out under OAuth & Permissions and reinstall, unless something else of yours needs it."


def checks(house: House) -> list[Check]:
    """The one comparison."""
    return [Check("scopes", partial(scopes, house))]


async def scopes(house: House) -> list[Finding]:
    """Each missing scope is a failure of its own, what is too much a warning."""
    try:
        asked = scopes_of(written())
    except OSError:
        return skipped("scopes", f"{MANIFEST.name} is not here to compare with")
    if not house.slack.token:
        return skipped("scopes", "SLACK_BOT_TOKEN is not set")
    try:
        answer = await house.slack.whoami()
    except NoAnswer:
        return skipped("scopes", "Slack could not be asked")
    if answer.data.get("ok") is not True or answer.scopes is None:
        return skipped("scopes", "Slack does not name them for this token")
    found: list[Finding] = []
    for scope in sorted(asked - answer.scopes):
        found += fail("scopes", f"{scope} is missing", _ADD.format(scope))
    for scope in sorted(answer.scopes - asked):
        found += warn("scopes", f"{scope} is granted but not needed", _TAKE.format(scope))
    return found or ok("scopes", f"all {len(asked)} of the manifest, none more")
