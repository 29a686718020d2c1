"""The first set-up: two secrets are asked for and proved against Slack before the env file is written."""

import asyncio
import getpass
import secrets
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bot.doctor.identity import app_token_trouble, bot_trouble
from bot.doctor.slack import NoAnswer, Slack
from bot.settings import Settings
from bot.setup.envfile import NotWritten, check_free, write

_HTTP_PORT: Final = "3000"
_HEX_SECRET: Final = 32


class NotSetUp(Exception):  # noqa: N818 - what happened: nothing
    """Nothing was written; the text names what is wrong and what to do, and holds no secret."""


def ask(prompt: str) -> str:
    """One secret, without echo from a terminal, else a line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{prompt}: ").strip()
    return sys.stdin.readline().strip()


def set_up(path: Path, environ: Mapping[str, str], say: Callable[[str], None], *, http: bool, force: bool) -> str:
    """Ask, prove, write, and say what comes next; what went wrong, in words, and then nothing was written."""
    api_url = environ.get("SLACK_API_URL") or str(Settings.model_fields["slack_api_url"].default)
    try:
        check_free(path, force=force)
        bot = ask("Bot User OAuth Token (xoxb-…, page OAuth & Permissions)")
        other = ask(
            "Signing Secret (page Basic Information)" if http else "App-level token (xapp-…, Basic Information)"
        )
        say(asyncio.run(_proved(Slack(api_url, bot), other, http=http)))
        write(path, _values(bot, other, http=http), force=force)
    except (NotWritten, NoAnswer, NotSetUp) as no:
        return str(no)
    for line in _next(path, http=http):
        say(line)
    return ""


async def _proved(slack: Slack, other: str, *, http: bool) -> str:
    """Who the bot is, in words; raises NotSetUp, NoAnswer."""
    if not slack.token:
        raise NotSetUp("SLACK_BOT_TOKEN: nothing was given")
    said = (await slack.whoami()).data
    if said.get("ok") is not True or not said.get("bot_id"):
        raise NotSetUp("SLACK_BOT_TOKEN: {}. {}".format(*bot_trouble(slack.token, str(said.get("error")))))
    if http:
        _check_secret(other)
        return (
            f"The bot is {said.get('user')} in {said.get('team')}. The signing secret is proved by the first command."
        )
    if not other:
        raise NotSetUp("SLACK_APP_TOKEN: nothing was given")
    trouble = await app_token_trouble(slack, other)
    if trouble:
        raise NotSetUp("SLACK_APP_TOKEN: {}. {}".format(*trouble))
    return f"The bot is {said.get('user')} in {said.get('team')}, and Socket Mode is open to it."


def _check_secret(secret: str) -> None:
    if len(secret) != _HEX_SECRET or set(secret) - set("0123456789abcdef"):
        raise NotSetUp(
            "SLACK_SIGNING_SECRET: it is not 32 digits of 0-9 and a-f. "
            "Copy the Signing Secret of the app's page Basic Information."
        )


def _values(bot: str, other: str, *, http: bool) -> dict[str, str]:
    reached = {"SLACK_SIGNING_SECRET": other, "ROLLOUT_HTTP_PORT": _HTTP_PORT} if http else {"SLACK_APP_TOKEN": other}
    return {"SLACK_BOT_TOKEN": bot, **reached, "ROLLOUT_DIGEST_KEY": secrets.token_hex(32)}


def _next(path: Path, *, http: bool) -> list[str]:
    steps = [
        "Add the variables of your plans' systems to it (`*_env` in the plan), and DATABASE_URL if it is not SQLite.",
        "Write `/invite @rollout` in the channel of each plan.",
        f"set -a; . {shlex.quote(str(path))}; set +a; rollout doctor",
        "rollout run",
    ]
    if http:
        reached = (
            f"Lead https requests of Slack to 127.0.0.1:{_HTTP_PORT}; `rollout manifest --http URL` names the URL."
        )
        steps.insert(1, reached)
    return [f"Written: {path} (mode 0600). Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]
