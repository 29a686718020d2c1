"""Slack's side: forms, messages and names, through the Web API; what Slack refuses is logged or told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.refusals import Refusal
from bot.ports import Unreachable
from bot.views.message import Message

_LOG: Final = structlog.get_logger(__name__)
_LATE: Final = frozenset({"expired_trigger_id", "exchanged_trigger_id", "trigger_expired", "trigger_exchanged"})
_UNSEEN: Final = frozenset(
    {"channel_not_found", "not_in_channel", "missing_scope", "method_not_supported_for_channel_type"}
)


@dataclass(frozen=True)
class SlackHands:
    """The promises of Hands over one Web API client."""

    client: AsyncWebClient

    async def open_modal(self, trigger: str, view: Mapping[str, object]) -> Refusal | None:
        try:
            await self.client.views_open(trigger_id=trigger, view=dict(view))
        except SlackApiError as no:
            error = str(no.response.get("error"))
            if error in _LATE:
                return Refusal("late", "Slack's time for opening the form was over.", "Press it again.")
            _LOG.exception("a form was refused", error=error)
            return Refusal("form", f"Slack did not take the form: {error}.", "Type the verb with its reason instead.")
        except (SlackClientError, ClientError, OSError):
            return Refusal("form", "Slack did not take the form.", "Type the verb with its reason instead.")
        return None

    async def say(self, channel: str, thread: str, message: Message) -> None:
        try:
            await self.client.chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                text=message.text,
                blocks=list(message.blocks) or None,
                unfurl_links=False,
            )
        except (SlackClientError, ClientError, OSError) as no:
            _LOG.warning("not said", channel=channel, why=str(no))

    async def whisper(self, channel: str, thread: str, person: str, message: Message) -> None:
        try:
            await self.client.chat_postEphemeral(
                channel=channel,
                user=person,
                thread_ts=thread or None,
                text=message.text,
                blocks=list(message.blocks) or None,
            )
        except (SlackClientError, ClientError, OSError) as no:
            _LOG.warning("not whispered", channel=channel, person=person, why=str(no))

    async def name_of(self, channel: str) -> str:
        """The channel's name; empty where the bot cannot see it, since no plan can live there."""
        try:
            found = (await self.client.conversations_info(channel=channel))["channel"]
        except SlackApiError as no:
            if no.response.get("error") in _UNSEEN:
                return ""
            raise Unreachable("Slack does not say which channel this is") from no
        except (SlackClientError, ClientError, OSError) as no:
            raise Unreachable("Slack does not say which channel this is") from no
        return str((found or {}).get("name") or "")
