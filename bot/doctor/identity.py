"""Identity: the bot token and the app token are Slack's own, of the right kind, and still good."""

from functools import partial
from typing import Final

from bot.doctor.findings import Check, Finding, fail, ok, skipped, warn
from bot.doctor.house import House
from bot.doctor.slack import NoAnswer, Slack

_REACH: Final = "See whether this host reaches Slack (SLACK_API_URL, proxy, firewall), then ask again."
_PACED: Final = "ratelimited"
_REMEDIES: Final = {
    "invalid_auth": "Copy it again from the app's page at api.slack.com/apps; it may be cut off or of another app.",
    "not_authed": "Set it in the bot's env file; `rollout init` asks for it.",
    "token_revoked": "Reinstall the app to the workspace and copy the new token.",
    "token_expired": "Switch token rotation off for the app, reinstall it and copy the new token.",
    "account_inactive": "The app was removed from the workspace: reinstall it and copy the new token.",
    "missing_scope": "Generate an app-level token with the scope connections:write under Basic Information.",
    _PACED: "Slack asks for patience: wait a minute and ask again.",
}


def checks(house: House) -> list[Check]:
    """One check for each token."""
    return [Check("bot token", partial(bot_token, house)), Check("app token", partial(app_token, house))]


async def bot_token(house: House) -> list[Finding]:
    """auth.test names the bot and its workspace."""
    if not house.slack.token:
        return skipped("bot token", "SLACK_BOT_TOKEN is not set")
    try:
        said = (await house.slack.whoami()).data
    except NoAnswer as trouble:
        return fail("bot token", str(trouble), _REACH)
    if said.get("ok") is not True:
        return fail("bot token", *bot_trouble(house.slack.token, str(said.get("error"))))
    if not said.get("bot_id"):
        return fail("bot token", "it is a person's token, not a bot's", "Use the Bot User OAuth Token; it is xoxb-….")
    return ok("bot token", f"{said.get('user')} in {said.get('team')}")


async def app_token(house: House) -> list[Finding]:
    """apps.connections.open gives an address that is used once and dies unused: no connection is opened or lost."""
    if house.http:
        return skipped("app token", "signed HTTP needs none")
    token = house.said("SLACK_APP_TOKEN")
    if not token:
        return skipped("app token", "SLACK_APP_TOKEN is not set")
    try:
        trouble = await app_token_trouble(house.slack, token)
    except NoAnswer as no:
        return fail("app token", str(no), _REACH)
    if trouble is None:
        return ok("app token", "Socket Mode gives it a connection")
    # Slack gives out few of these addresses a minute; too many questions say nothing about the token.
    told = warn if _PACED in trouble[0] else fail
    return told("app token", *trouble)


def bot_trouble(token: str, error: str) -> tuple[str, str]:
    """What Slack's refusal of a bot token means, and its remedy."""
    if token.startswith("xapp-"):
        return "it is an app-level token", "Use the Bot User OAuth Token (xoxb-…) of the page OAuth & Permissions."
    return f"Slack refuses it: {error}", _remedy(error)


async def app_token_trouble(slack: Slack, token: str) -> tuple[str, str] | None:
    """What is wrong with an app token, and its remedy; None when it is good. Raises NoAnswer."""
    said = (await slack.ask("apps.connections.open", token)).data
    if said.get("ok") is True:
        return None
    error = str(said.get("error"))
    if token.startswith(("xoxb-", "xoxp-")):
        return "it is a token of the workspace", "Use the app-level token (xapp-…) of the page Basic Information."
    if "socket" in error:
        return f"Slack refuses it: {error}", "Switch Socket Mode on for the app, or run the bot by signed HTTP."
    return f"Slack refuses it: {error}", _remedy(error)


def _remedy(error: str) -> str:
    return _REMEDIES.get(error, f"Look up '{error}' in Slack's documentation of auth errors, and correct the token.")
