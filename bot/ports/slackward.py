"""Slackward: what goes to Slack and comes from it, as rows of ours."""

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.posts import Post


@dataclass(frozen=True)
class Meaning:
    """What a button means: everything that is not in Slack's hands."""

    rollout: str
    move: str
    phase: str = ""
    attempt: int = 0
    digest: str = ""
    subject: str = ""


class Buttons(Protocol):
    """Opaque ids for meanings; the same meaning keeps its id."""

    async def ids(self, meanings: Sequence[Meaning]) -> tuple[str, ...]: ...

    async def meaning(self, button: str) -> Meaning | None: ...


@dataclass(frozen=True)
class Queued:
    """An outbox row on its way: `ts` is set once Slack has it; `tries` counts the attempts so far.

    `channel` is the plan's, or the person of a direct message.
    """

    id: int
    post: Post
    channel: str
    ts: str = ""
    tries: int = 0
    uncertain: bool = False


class Outbox(Protocol):
    """Messages that wait for Slack. One sender; order per channel is the order of writing."""

    async def waiting(self, *, limit: int = 50) -> tuple[Queued, ...]: ...

    async def trying(self, row: Queued) -> None:
        """Durably note, before the call leaves, that the answer may never come."""
        ...

    async def sent(self, row: Queued, ts: str, channel: str = "") -> None:
        """Slack has it; `channel` is the id that Slack gave the place, "" where it is known already."""
        ...

    async def refused(self, row: Queued, why: str) -> None:
        """Slack will never take this one; kept with the reason, out of the way of the rest."""
        ...

    async def again(self, row: Queued) -> None:
        """Slack has certainly not taken it (a 429, a refused connection): it waits again, and is not uncertain."""
        ...

    async def card_ts(self, rollout: str) -> str | None: ...

    async def sent_posts(self, rollout: str, topic: str) -> tuple[Queued, ...]:
        """The posts of this rollout and topic that Slack has, oldest first, each with its `ts`."""
        ...


@dataclass
class Delivery:
    """One thing that Slack delivered, by every key that would show it to be a repeat.

    A store writes the keys in the transaction of the first write that the delivery leads to, and raises Repeated
    there when one of them is known: what a delivery asks for is recorded once, whoever serves the repeat.
    """

    keys: tuple[str, ...]
    recorded: bool = False


# The delivery that this task serves; None for whatever is not Slack's asking.
DELIVERY: ContextVar[Delivery | None] = ContextVar("delivery", default=None)


class Deliveries(Protocol):
    """What was delivered in the last ten minutes, whichever process served it."""

    async def seen(self, keys: Iterable[str]) -> datetime | None:
        """When (real time) a delivery with one of these keys was recorded; None when none was."""
        ...

    async def forget(self, before: datetime) -> int:
        """Forget what was recorded before that real moment; answers how much that was."""
        ...


class Subscriptions(Protocol):
    """Who wants to be told what by direct message; `kind` is one of `bot.domain.subscriptions.Kind`."""

    async def of(self, person: str) -> frozenset[str]: ...

    async def people(self, kind: str) -> tuple[str, ...]: ...

    async def put(self, person: str, kinds: Iterable[str]) -> None:
        """Replace this person's kinds; none at all ends every subscription."""
        ...
