"""What a method gets and is: the call, its scope, its rate tier, and lookups that many methods share."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import ApiError
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.memory import Memory
from sandbox.workspace.rates import Tier
from sandbox.workspace.state import BOT_USER, Channel, JsonObject, Message, Person


@dataclass(frozen=True)
class Call:
    local: LocalSlack
    args: Arguments

    @property
    def memory(self) -> Memory:
        return self.local.memory

    def need_scope(self, scope: str) -> None:
        granted = self.local.grants.scopes
        if scope not in granted:
            raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(granted)))

    def channel(self, name: str = "channel") -> Channel:
        """Return the channel by id; a user's id or a #name is not one here."""
        found = self.memory.channels.get(self.args.text(name))
        if found is None or (found.is_private and not self.memory.is_member(found)):
            raise ApiError("channel_not_found")
        return found

    def joined(self, name: str = "channel") -> Channel:
        channel = self.channel(name)
        if not self.memory.is_member(channel):
            raise ApiError("not_in_channel")
        return channel

    def changeable(self, name: str = "channel", *, archived: str = "is_archived") -> Channel:
        """Return a channel that takes the bot's changes; `archived` is Slack's word for one that does not."""
        channel = self.joined(name)
        if channel.is_archived:
            raise ApiError(archived)
        return channel

    def target(self) -> Channel:
        """Return where to post: a channel by id or name, or the conversation with a user."""
        reference = self.args.text("channel")
        person = self.memory.people.get(reference)
        if person is not None and person.id != BOT_USER:
            return self.memory.im_with(person)
        found = self.memory.channel(reference)
        if found is None or (found.is_private and not self.memory.is_member(found)):
            raise ApiError("channel_not_found")
        if found.is_archived:
            raise ApiError("is_archived")
        if not self.memory.is_member(found):
            raise ApiError("not_in_channel")
        return found

    def person(self, name: str = "user") -> Person:
        found = self.memory.people.get(self.args.text(name))
        if found is None:
            raise ApiError("user_not_found")
        return found

    def message(self, channel: Channel, name: str = "ts") -> Message:
        found = self.memory.message(channel, self.args.text(name))
        if found is None:
            raise ApiError("message_not_found")
        return found


Handler = Callable[[Call], JsonObject]


@dataclass(frozen=True)
class Method:
    """`takes_json` is false where Slack reads the arguments only from a form or the query."""

    run: Handler
    scope: str | None
    tier: Tier
    takes_json: bool = True
    app_token: bool = False


def paged(
    items: Sequence[JsonObject], call: Call, *, default: int = 100, most: int = 1000
) -> tuple[list[JsonObject], JsonObject]:
    """Cut one page out of the list; the second value goes under `response_metadata`."""
    limit, cursor = call.args.number("limit", default, most), call.args.maybe("cursor")
    try:
        start = int(base64.b64decode(cursor, validate=True)) if cursor else 0
    except (ValueError, binascii.Error) as flaw:
        raise ApiError("invalid_cursor") from flaw
    end = start + limit
    more = base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
    return list(items[start:end]), {"next_cursor": more}
