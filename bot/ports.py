"""Ports: what the rules need from the world, as small roles that adapters and harmless twins play."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.board import Board, Soaked, Standing
from bot.domain.entries import Entry
from bot.domain.intents import Intent
from bot.domain.people import Person
from bot.domain.plan import Guild, Plan, ResolvedPhase
from bot.domain.posts import Post
from bot.domain.probes import Probe
from bot.domain.refusals import Refusal
from bot.domain.rollout import Rollout
from bot.domain.steps import Step
from bot.domain.timers import Timer
from bot.domain.verdicts import Reading


class Unreachable(Exception):  # noqa: N818 - the field's word for it
    """An outside party could not be asked; nothing is known."""


class ActionFailed(Exception):  # noqa: N818 - the design's word for it
    """An action said no or did not finish; the text is fit to be shown and holds no secret."""


class Busy(Exception):  # noqa: N818 - what the person is told
    """The store could not be entered in time; nothing was recorded."""


class LostLease(Exception):  # noqa: N818 - what happened
    """Another process holds the lease now; nothing was written."""


class Clock(Protocol):
    """Two times: `now` is the rollout's (a sandbox may speed it), `real` is the wall's."""

    def now(self) -> datetime: ...

    def real(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None:
        """Wait real seconds."""
        ...


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
    """An outbox row on its way: `ts` is set once Slack has it; `tries` counts the attempts so far."""

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

    async def sent(self, row: Queued, ts: str) -> None: ...

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


class Directory(Protocol):
    """Who somebody is, asked now. Raises Unreachable when that cannot be known."""

    async def person(self, user: str, guilds: Mapping[str, Guild]) -> Person: ...

    async def members(self, guild: Guild) -> tuple[str, ...]: ...


class PlanShelf(Protocol):
    """The plans on disk. `resolve` gives the phase with everything that will be executed, and its digest.

    Raises KeyError for an unknown plan or phase, Unresolvable with a text for people when something is missing.
    """

    def plans(self) -> tuple[Plan, ...]: ...

    def resolve(self, plan: Plan, phase: str) -> tuple[ResolvedPhase, str]: ...


class Unresolvable(Exception):  # noqa: N818 - what it is
    """A phase cannot be resolved here: a missing file or variable, named with its remedy."""


class Sheet(Protocol):
    """The target's env files as they are now, for the preview."""

    async def differences(self, phase: ResolvedPhase) -> tuple[tuple[str, str, str, str], ...]:
        """(sign, key, old, new) with sign `+`, `~` or `-`; values that look secret are masked; never raises."""
        ...


class Probes(Protocol):
    """Reads; can change nothing. What cannot be read is a reading without a value, never an exception."""

    async def read(self, probe: Probe, phase: ResolvedPhase, at: datetime) -> Reading: ...


class Happening(Protocol):
    """How a step's effect shows: True, False, or None when it cannot be known; with words for people."""

    @property
    def shown(self) -> bool | None: ...

    @property
    def says(self) -> str: ...


class Actions(Protocol):
    """The only hands. Steps are done under a key; their effect is read back, never assumed."""

    async def seal(self, step: Step, phase: ResolvedPhase) -> dict[str, str]:
        """What stands now and will be needed to go back; raises ActionFailed when it cannot be read."""
        ...

    async def act(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> str:
        """Do it, say in a few words what was done. Raises ActionFailed; Unreachable when the answer is unknown."""
        ...

    async def happened(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> Happening:
        """Read back, once and now, whether the effect is there; who has just acted asks again for a while."""
        ...

    def repeatable(self, step: Step) -> bool:
        """Whether doing it again under the same key does no harm although nothing is known (`shown` is None)."""
        ...


class Beat(StrEnum):
    """The boundaries between beats: a crash is possible after each, and each is tested."""

    INTENT_FOUND = "intent-found"
    INTENT_SEALED = "intent-sealed"
    INTENT_CLAIMED = "intent-claimed"
    EFFECT_DONE = "effect-done"
    EFFECT_READ_BACK = "effect-read-back"
    EFFECT_RECORDED = "effect-recorded"
    COMMAND_RECORDED = "command-recorded"
    COMMAND_ANSWERED = "command-answered"
    POST_FOUND = "post-found"
    POST_TRYING = "post-trying"
    POST_SENT = "post-sent"
    POST_RECORDED = "post-recorded"


class Pulse(Protocol):
    """Told at every beat boundary, so that a test can stop the process exactly there."""

    def __call__(self, beat: Beat) -> None: ...
