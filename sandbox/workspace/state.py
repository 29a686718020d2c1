"""What the local Slack remembers: people, groups, channels, messages, files and views, all in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NewType

JsonObject = dict[str, Any]
Ts = NewType("Ts", str)

TEAM_ID = "T0GITGUARD"
TEAM_NAME = "GitGuard (sandbox)"
TEAM_DOMAIN = "gitguard-sandbox"
APP_ID = "A0ROLLOUT"
BOT_ID = "B0ROLLOUT"
BOT_USER = "U0ROLLOUTBOT"
BOT_NAME = "rollout"


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    real_name: str
    role: str = "member"
    guilds: tuple[str, ...] = ()
    is_bot: bool = False

    @property
    def is_guest(self) -> bool:
        return self.role == "guest"


@dataclass(frozen=True)
class UserGroup:
    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()


@dataclass
class Message:
    """A message; `only_for` makes it an ephemeral one that a single person sees."""

    ts: Ts
    channel: str
    user: str
    text: str
    blocks: list[JsonObject] = field(default_factory=list)
    attachments: list[JsonObject] = field(default_factory=list)
    metadata: JsonObject | None = None
    thread_ts: Ts | None = None
    edited: Ts | None = None
    deleted: bool = False
    broadcast: bool = False
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    only_for: str | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class Channel:
    id: str
    name: str
    topic: str = ""
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    created: int = 0
    pins: dict[Ts, int] = field(default_factory=dict)
    messages: dict[Ts, Message] = field(default_factory=dict)
    threads: dict[Ts, list[Message]] = field(default_factory=dict)

    def add(self, message: Message) -> None:
        self.messages[message.ts] = message
        if message.is_reply and message.thread_ts:
            self.threads.setdefault(message.thread_ts, []).append(message)

    def remove(self, message: Message) -> None:
        del self.messages[message.ts]
        if message.is_reply and message.thread_ts:
            self.threads[message.thread_ts].remove(message)

    def replies(self, thread: Ts) -> list[Message]:
        return self.threads.get(thread, [])

    def top_level(self) -> Iterator[Message]:
        return (message for message in self.messages.values() if not message.is_reply or message.broadcast)

    @property
    def kind(self) -> str:
        """How scopes and events call this kind of place: channels, groups or im."""
        return "im" if self.is_im else "groups" if self.is_private else "channels"


@dataclass
class View:
    id: str
    kind: str
    user: str
    body: JsonObject
    hash: str
    root: str
    previous: str | None = None


@dataclass
class StoredFile:
    id: str
    name: str
    length: int
    title: str = ""
    alt_text: str = ""
    content: bytes | None = None
    created: int = 0
    shares: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return bool(self.title)
