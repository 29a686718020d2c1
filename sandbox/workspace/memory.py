"""The local Slack's memory and the few ways in which it changes: posting, deleting, finding, naming."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sandbox.clock import SandboxClock
from sandbox.workspace.changes import Changes
from sandbox.workspace.people import GUILD_OF_HANDLE, PEOPLE, channels, user_groups
from sandbox.workspace.state import BOT_USER, Channel, JsonObject, Message, Person, StoredFile, Ts, UserGroup

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Memory:
    """Timestamps of messages follow the sandbox's clock, so that the channel tells the rollout's story."""

    def __init__(self, clock: SandboxClock, changes: Changes) -> None:
        self.people: dict[str, Person] = {person.id: person for person in PEOPLE}
        self.groups: dict[str, UserGroup] = {group.id: group for group in user_groups()}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in channels()}
        self.ephemerals: dict[Ts, Message] = {}
        self.files: dict[str, StoredFile] = {}
        self.changes = changes
        self._clock = clock
        self._last = 0
        self._born = self.seconds()
        for channel in self.channels.values():
            channel.created = self._born

    def guilds(self, person: Person) -> list[str]:
        return [GUILD_OF_HANDLE[group.handle] for group in self.groups.values() if person.id in group.members]

    def next_ts(self) -> Ts:
        elapsed = self._clock.now() - EPOCH
        micros = elapsed.days * 86_400_000_000 + elapsed.seconds * 1_000_000 + elapsed.microseconds
        self._last = max(self._last + 1, micros)
        return Ts(f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}")

    def seconds(self) -> int:
        return int(self._clock.now().timestamp())

    def person(self, reference: str) -> Person | None:
        """Find by id or by name, with or without @."""
        bare = reference.strip().removeprefix("@")
        by_name = (person for person in self.people.values() if person.name == bare.lower())
        return self.people.get(bare) or next(by_name, None)

    def channel(self, reference: str) -> Channel | None:
        """Find by id or by name, with or without #."""
        bare = reference.strip().removeprefix("#")
        by_name = (channel for channel in self.channels.values() if channel.name == bare.lower())
        return self.channels.get(bare) or next(by_name, None)

    def im_with(self, person: Person) -> Channel:
        """Return the direct conversation of the bot and this person, opened on first use."""
        name = f"D{person.id[1:]}"
        if name not in self.channels:
            self.channels[name] = Channel(
                name, "directmessage", "", {person.id, BOT_USER}, is_im=True, created=self.seconds()
            )
            self.changes.bump()
        return self.channels[name]

    def message(self, channel: Channel, ts: str) -> Message | None:
        found = channel.messages.get(Ts(ts))
        return None if found is None or found.deleted else found

    def seen(self, channel: Channel, ts: str, person: Person) -> Message | None:
        """Return the message, or this person's own ephemeral one, as it stands on his screen."""
        private = self.ephemerals.get(Ts(ts))
        if private is not None and private.only_for == person.id and private.channel == channel.id:
            return private
        return self.message(channel, ts)

    def post(
        self,
        channel: Channel,
        user: str,
        text: str,
        blocks: Sequence[JsonObject] = (),
        *,
        attachments: Sequence[JsonObject] = (),
        metadata: JsonObject | None = None,
        thread_ts: str | None = None,
        only_for: str | None = None,
        broadcast: bool = False,
        files: Sequence[str] = (),
    ) -> Message:
        message = Message(
            self.next_ts(),
            channel.id,
            user,
            text,
            list(blocks),
            list(attachments),
            metadata,
            Ts(thread_ts) if thread_ts else None,
            broadcast=broadcast,
            files=list(files),
            only_for=only_for,
        )
        if only_for is None:
            channel.add(message)
        else:
            self.ephemerals[message.ts] = message
        self.changes.bump()
        return message

    def delete(self, channel: Channel, message: Message) -> None:
        """Remove it; a parent with replies stays as a stone that says so."""
        channel.pins.pop(message.ts, None)
        if channel.replies(message.ts):
            message.deleted, message.text = True, "This message was deleted."
            message.blocks, message.attachments, message.files = [], [], []
            message.metadata = None
        else:
            channel.remove(message)
        self.changes.bump()

    def is_member(self, channel: Channel) -> bool:
        return BOT_USER in channel.members


def fill_ids(blocks: Sequence[JsonObject]) -> list[JsonObject]:
    """Copy blocks, giving a made-up `block_id` and `action_id` where the app left them out, as Slack does."""
    return [{"block_id": short_id(), **block} | filled_parts(block) for block in blocks]


def filled_parts(block: JsonObject) -> JsonObject:
    parts: JsonObject = {}
    if block.get("type") in {"actions", "context_actions"}:
        parts["elements"] = [{"action_id": short_id(), **item} for item in block.get("elements", ())]
    for place in ("accessory", "element"):
        item = block.get(place)
        if isinstance(item, dict) and item.get("type") != "image":
            parts[place] = {"action_id": short_id(), **item}
    return parts


def short_id() -> str:
    return secrets.token_urlsafe(4)[:5]
