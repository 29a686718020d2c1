"""Belonging: which channels somebody is in, asked of Slack and remembered for moments only."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Unreachable

LIFE: Final = 30.0
_MOST: Final = 1000
_PAGES: Final = 20
_STRANGERS: Final = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


@dataclass
class SlackBelonging:
    """What the bot can see of somebody's channels: the public ones, and the private ones that both are in."""

    client: AsyncWebClient
    elapsed: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)

    async def rooms_of(self, user: str) -> frozenset[str]:
        """The ids and the names ("#rollouts") of this person's channels. Raises Unreachable."""
        now = self.elapsed()
        kept = self._kept.get(user)
        if kept and now - kept[0] <= LIFE:
            return kept[1]
        rooms = await self._read(user)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[user] = now, rooms
        return rooms

    async def _read(self, user: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._page(user, cursor)
            for each in answer.get("channels") or ():
                found |= {str(each["id"]), f"#{each.get('name') or each['id']}"}
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return frozenset(found)

    async def _page(self, user: str, cursor: str) -> Mapping[str, Any]:
        try:
            answer = await self.client.users_conversations(
                user=user,
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=200,
                cursor=cursor or None,
            )
        except SlackApiError as no:
            if no.response.get("error") in _STRANGERS:
                return {}
            raise Unreachable(f"Slack answered {no.response.get('error', 'with an error')}") from no
        except (SlackClientError, ClientError, TimeoutError, OSError) as no:
            raise Unreachable("Slack does not answer") from no
        data = answer.data
        return data if isinstance(data, Mapping) else {}
