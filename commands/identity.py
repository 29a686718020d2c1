"""Identity: who the bot is in Slack, kept from the last time that Slack said so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import aiohttp
import stamina
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Busy, Kept, LostLease

KEPT_AS: Final = "slack-identity"
_NAMES: Final = ("team_id", "user_id", "bot_id", "user", "url", "app_id")
_LOG: Final = structlog.get_logger(__name__)
Identity = Mapping[str, str]


@dataclass(frozen=True)
class Passport:
    """What `auth.test` says, asked for as long as it takes; what it said last under this very token, at once."""

    web: AsyncWebClient
    kept: Kept

    async def last(self) -> Identity | None:
        """Who the bot was; None when that was under another token, or never known."""
        try:
            told = json.loads(await self.kept.get(KEPT_AS) or "{}")
        except (Busy, ValueError):
            return None
        fits = isinstance(told, dict) and told.pop("token", None) == self._token() and told.get("team_id")
        return told if fits else None

    @stamina.retry(on=(aiohttp.ClientError, TimeoutError, SlackApiError), attempts=None, timeout=None, wait_max=10)
    async def now(self) -> Identity:
        """Who the bot is; waits until Slack says it, and keeps it."""
        told = await self.web.auth_test()
        identity = {name: str(told.get(name) or "") for name in _NAMES}
        try:
            await self.kept.put(KEPT_AS, json.dumps({**identity, "token": self._token()}, sort_keys=True))
        except (Busy, LostLease) as why:
            _LOG.warning("slack.identity.not-kept", why=str(why))
        return identity

    def _token(self) -> str:
        """So that a new token never speaks with the name of an old one; tells nothing about the token."""
        return sha256(f"identity:{self.web.token}".encode()).hexdigest()[:16]
