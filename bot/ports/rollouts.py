"""Rollouts: their memory, what a decision may see of them, and what it writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.board import Board, Soaked, Standing
from bot.domain.entries import Entry
from bot.domain.intents import Intent
from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.posts import Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import Rollout
from bot.domain.timers import Timer


@dataclass(frozen=True)
class Snapshot:
    """Everything a decision about one rollout may look at, read in the deciding transaction.

    `plan` is the plan as it was when the rollout was opened; `copies` holds the resolved phases by digest.
    """

    rollout: Rollout
    plan: Plan
    copies: Mapping[str, ResolvedPhase] = field(default_factory=dict)
    board: Board = field(default_factory=Board)
    intents: tuple[Intent, ...] = ()


@dataclass(frozen=True)
class Change:
    """What one decision writes, all of it or nothing. `cancels` are prefixes of timer keys.

    Intents and standings are written over those of the same key; posts of a known key are left as they are,
    except the card, which is marked to be rendered again.
    """

    rollout: Rollout
    entries: tuple[Entry, ...] = ()
    copies: tuple[ResolvedPhase, ...] = ()
    standings: tuple[Standing, ...] = ()
    soaks: tuple[Soaked, ...] = ()
    intents: tuple[Intent, ...] = ()
    timers: tuple[Timer, ...] = ()
    cancels: tuple[str, ...] = ()
    posts: tuple[Post, ...] = ()


Decide = Callable[[Snapshot], Change | Refusal | None]


class RolloutStore(Protocol):
    """The memory of rollouts. Every write is durable (fsynced, chained) when it returns."""

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        """Make a rollout under the plan's next free name (`gitguard-3`); refused while one is live."""
        ...

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        """Read the snapshot, decide, write: one transaction.

        `decide` is pure and may run more than once. None means that nothing is to be written.
        Raises Busy when the store could not be entered in time, LostLease when another process took over,
        KeyError when there is no such rollout.
        """
        ...

    async def load(self, name: str) -> Snapshot | None: ...

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        """The rollouts that are not closed, oldest first."""
        ...


@dataclass(frozen=True)
class Chained:
    """A ledger entry with its place in the chain; `head` is the hash that Slack is a witness of."""

    sequence: int
    at: datetime
    entry: Entry
    head: str


class Ledger(Protocol):
    """Reading what happened, in order."""

    async def entries(self, stream: str, *, last: int | None = None) -> Sequence[Chained]: ...


class TimerStore(Protocol):
    """Due moments: claimed once, kept until what they asked for is recorded."""

    async def due(self, *, now: datetime, real: datetime, limit: int = 500) -> tuple[Timer, ...]:
        """Claim what is due; a claim that is not finished is handed out again after its lease of a minute."""
        ...

    async def finish(self, timer: Timer, *, again_at: datetime | None = None) -> None:
        """Done; or due again at that moment. A timer that was moved meanwhile keeps its new moment."""
        ...

    async def finish_all(self, done: Sequence[tuple[Timer, datetime | None]]) -> None:
        """The same for several at once: each with the moment at which it is due again, if it is."""
        ...

    async def add(self, timer: Timer) -> None: ...

    async def next_due(self) -> tuple[datetime | None, datetime | None]:
        """The earliest waiting moments on the rollout's clock and on the real one."""
        ...


class Kept(Protocol):
    """Small texts that outlive a process: who the bot is in Slack, what was last told of a trouble."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, text: str) -> None: ...
