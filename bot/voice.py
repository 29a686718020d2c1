"""The voice: the few calls of Slack's Web API by which the announcer speaks, with their answers told apart."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

from aiohttp import ClientConnectorError, ClientError, ClientResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.announcer import EVENT, Gone, NotSent, Paced, Refused, Shut
from bot.ports import Unreachable
from bot.views.message import Message

T = TypeVar("T")
_PAGE: Final = 200
_PAGES: Final = 10
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_WAIT: Final = 30.0
_TIMEOUT: Final = 10
_PEOPLE: Final = ("U", "W")
_GONE: Final = frozenset({"message_not_found", "thread_not_found"})
# What a person has to put right, after which the same message is welcome.
_SHUT: Final = frozenset(
    {
        *("not_in_channel", "channel_not_found", "is_archived", "is_inactive", "restricted_action", "access_denied"),
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"),
        *("no_permission", "org_login_required", "ekm_access_denied", "team_access_not_granted"),
    }
)
# Slack's own troubles: it may have taken the message before they came.
_UNKNOWN: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)


@dataclass(frozen=True)
class SlackVoice:
    """Speaks in a plan's channel, named or by id. Nothing is repeated here: the announcer alone knows what may be."""

    client: AsyncWebClient
    _channels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def beside(cls, client: AsyncWebClient) -> Self:
        """A voice that shares the client's connections, but not its handlers, which repeat calls by themselves."""
        return cls(
            AsyncWebClient(
                token=client.token,
                base_url=client.base_url,
                timeout=_TIMEOUT,
                session=client.session,
                trust_env_in_session=client.trust_env_in_session,
                headers=dict(client.headers),
                retry_handlers=[],
            )
        )

    def __post_init__(self) -> None:
        if self.client.retry_handlers:
            raise ValueError("this client repeats calls by itself, which posts messages twice: use SlackVoice.beside")

    async def post(self, channel: str, message: Message, thread_ts: str | None, metadata: Mapping[str, object]) -> str:
        # Names and addresses in plain text stay plain: only the marks that we set ourselves mean anything.
        answer = await _asked(
            lambda: self.client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks),
                thread_ts=thread_ts,
                metadata=dict(metadata),
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        self._channels[channel] = str(answer["channel"])
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        known = await self._id(channel)
        await _asked(
            lambda: self.client.chat_update(
                channel=known, ts=ts, text=message.text, blocks=list(message.blocks), parse="none", link_names=False
            )
        )

    async def pin(self, channel: str, ts: str) -> None:
        known = await self._id(channel)
        try:
            await _asked(lambda: self.client.pins_add(channel=known, timestamp=ts))
        except Refused as no:
            if str(no) != "already_pinned":
                raise

    def place(self, channel: str) -> str:
        return self._channels.get(channel, "" if channel.startswith(("#", *_PEOPLE)) else channel)

    async def history_has(self, channel: str, key: str, thread_ts: str | None) -> str | None:
        """Look for the key in the metadata of the newest messages, or of the whole thread."""
        known = await self._id(channel)
        async for message in self._messages(known, thread_ts):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT and payload.get("key") == key:
                return str(message["ts"])
        return None

    async def _messages(self, channel: str, thread_ts: str | None) -> AsyncIterator[Mapping[str, Any]]:
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._page(channel, thread_ts, cursor)
            for message in answer.get("messages") or ():
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise Unreachable("the history is too long to be sure")

    async def _page(self, channel: str, thread_ts: str | None, cursor: str) -> Mapping[str, Any]:
        if thread_ts:
            return await _asked(
                lambda: self.client.conversations_replies(
                    channel=channel, ts=thread_ts, limit=_PAGE, cursor=cursor or None, include_all_metadata=True
                )
            )
        return await _asked(
            lambda: self.client.conversations_history(
                channel=channel, limit=_PAGE, cursor=cursor or None, include_all_metadata=True
            )
        )

    async def _id(self, channel: str) -> str:
        """A channel's id; only posting takes a name, or a person."""
        if channel.startswith(_PEOPLE) and channel not in self._channels:
            opened = await _asked(lambda: self.client.conversations_open(users=channel))
            self._channels[channel] = str(opened["channel"]["id"])
        if not channel.startswith(("#", *_PEOPLE)):
            return channel
        if channel not in self._channels:
            await self._list()
        if channel not in self._channels:
            raise Shut("channel_not_found")
        return self._channels[channel]

    async def _list(self) -> None:
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._listed(cursor)
            self._channels.update({f"#{each['name']}": str(each["id"]) for each in answer.get("channels") or ()})
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _listed(self, cursor: str) -> Mapping[str, Any]:
        kinds = "public_channel,private_channel"
        return await _asked(
            lambda: self.client.conversations_list(
                types=kinds, exclude_archived=True, limit=_PAGE, cursor=cursor or None
            )
        )


async def _asked(call: Callable[[], Awaitable[Any]]) -> Mapping[str, Any]:
    """Make one call; what went wrong becomes one of the announcer's four cases."""
    try:
        answer = await call()
    except SlackApiError as no:
        raise _meant(no) from no
    except ClientConnectorError as no:
        raise NotSent(f"no connection to Slack: {type(no).__name__}") from no
    except (ClientError, TimeoutError, SlackClientError) as no:
        raise Unreachable(f"no answer from Slack: {type(no).__name__}") from no
    except (AttributeError, json.JSONDecodeError) as no:
        # What slack_sdk does with an answer that is no JSON object, such as a proxy's page.
        raise Unreachable("Slack's answer cannot be read") from no
    data: Mapping[str, Any] = answer.data
    return data


def _meant(no: SlackApiError) -> Exception:
    response = no.response
    if isinstance(response, ClientResponse):
        return Unreachable(f"Slack's answer cannot be read ({response.status})")
    error, status = str(response.get("error") or ""), response.status_code
    if status == _TOO_MANY or error in {"ratelimited", "rate_limited"}:
        return Paced(_seconds(response.headers))
    if status >= _SERVER_ERROR or error in _UNKNOWN or not error:
        return Unreachable(f"Slack is in trouble: {error or status}")
    if error in _SHUT:
        return Shut(error)
    return Gone(error) if error in _GONE else Refused(error)


def _seconds(headers: Mapping[str, str]) -> float:
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return min(max(float(found), 1.0), 300.0)
    except ValueError:
        return _WAIT
