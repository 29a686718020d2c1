"""The desk: what every verb, button and modal may use, and the shapes in which they are asked and answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from structlog.contextvars import bind_contextvars

from bot.domain.people import Person
from bot.domain.permissions import Right
from bot.domain.plan import Guild, Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move, PhaseRun
from bot.ports import Busy, Change, LostLease, Meaning, Snapshot
from bot.views.message import Ids, Message
from bot.workflows.office import Office
from commands.errands import Errands
from commands.rooms import Rooms

Work = Callable[[], Awaitable[Message | None]]


class Hands(Protocol):
    """What a door may do in Slack beyond its answer."""

    async def open_modal(self, trigger: str, view: Mapping[str, object]) -> Refusal | None:
        """Show the form; a trigger lives three seconds and works once, so this comes before anything slow."""
        ...

    async def say(self, channel: str, thread: str, message: Message) -> None: ...

    async def whisper(self, channel: str, thread: str, person: str, message: Message) -> None:
        """Show it to one person only."""
        ...


@dataclass(frozen=True)
class Desk:
    """`later` does something after the answer; `forget` has who is who read anew before somebody's word counts."""

    office: Office
    rooms: Rooms
    hands: Hands
    later: "Callable[[Desk, Ask, Work], None]"
    forget: Callable[[str], None]
    errands: Errands = field(default_factory=Errands)

    @property
    def now(self) -> datetime:
        return self.office.clock.now()

    async def ids(self, *meanings: Meaning) -> Ids:
        """Ids to draw buttons with; without a store to write them to, the answer comes without buttons."""
        try:
            made = await self.office.buttons.ids(meanings) if meanings else ()
        except (Busy, LostLease):
            return {}
        return dict(zip(meanings, made, strict=True))


@dataclass
class Trail:
    """How far an act has come: which phase a bug would have to hold, and whether anything may be written by now."""

    rollout: str = ""
    phase: str = ""
    begun: bool = False

    def lead_to(self, rollout: str, phase: str) -> None:
        """What this act is about, for whoever catches a bug and for every line of the log from here on."""
        self.rollout, self.phase = rollout, phase
        bind_contextvars(rollout=rollout, phase=phase)


@dataclass(frozen=True)
class Ask:
    """One act of a person, whatever way it came. `room` is the channel's name where Slack sent it along."""

    person: str
    channel: str
    words: tuple[str, ...] = ()
    trigger: str = ""
    thread: str = ""
    room: str = ""
    # Whether it was pressed in the person's home tab, where nothing can be said.
    home: bool = False
    trail: Trail = field(default_factory=Trail)


@dataclass(frozen=True)
class Asked:
    """An act that is understood and allowed: who asks, about which phase of what, with which further words."""

    ask: Ask
    plan: Plan
    live: Snapshot | None
    person: Person
    phase: str
    rest: tuple[str, ...] = ()
    meaning: Meaning | None = None
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rollout(self) -> str:
        return self.live.rollout.name if self.live else ""

    @property
    def run(self) -> PhaseRun:
        found = self.live.rollout.run(self.phase) if self.live else None
        return found or PhaseRun(self.phase)

    @property
    def quorum(self) -> Mapping[str, int]:
        return quorum(self.plan, self.run)

    @property
    def guilds(self) -> Mapping[str, Guild]:
        return guilds(self.plan, self.live, self.run)

    @property
    def run_by(self) -> str:
        return run_by(self.plan, self.live, self.run)

    @property
    def reason(self) -> str:
        """What was typed after the phase, or into the form; `because` in front of it is courtesy."""
        written = " ".join(self.form.get("reason", self.rest)).strip()
        return written.removeprefix("because ").strip()


def quorum(plan: Plan, run: PhaseRun) -> Mapping[str, int]:
    """The guilds that are asked: by the request that stands, else by the plan."""
    phase = plan.phase(run.phase)
    return run.quorum or (phase.approvals.quorum if phase else {})


def guilds(plan: Plan, live: Snapshot | None, run: PhaseRun) -> Mapping[str, Guild]:
    """The guilds as they were when the phase was asked for; a newer plan does not make anybody a member."""
    copy = live.copies.get(run.digest) if live else None
    return copy.guilds if copy else plan.guilds


def run_by(plan: Plan, live: Snapshot | None, run: PhaseRun) -> str:
    """The guild that runs the plan, from the copy that was asked for where there is one."""
    copy = live.copies.get(run.digest) if live else None
    return copy.run_by if copy else plan.run_by


Result = Change | Refusal | Message | None
Act = Callable[[Desk, Asked], Awaitable[Result]]


class Takes(StrEnum):
    """What stands after a verb: nothing, a phase, a phase and whose yes, or a phase and free words.

    FORWARD is a phase that is to come; REASON and FREE leave the words that no phase is named by.
    """

    NOTHING = "nothing"
    PHASE = "phase"
    FORWARD = "forward"
    REASON = "reason"
    FREE = "free"


@dataclass(frozen=True)
class Verb:
    """One verb of `/rollout`. Without a right it does not register; `move` ties it to the table of moves."""

    name: str
    usage: str
    help: str
    run: Act
    right: Right | None = None
    takes: Takes = Takes.NOTHING
    move: Move | None = None
    # Whether there is nothing to do without a rollout under way.
    needs_live: bool = True
    # Whether it can be asked where no plan lives.
    anywhere: bool = False


@dataclass(frozen=True)
class Press:
    """What a button or a sent form does; without a right it does not register."""

    move: str
    run: Act
    right: Right | None = None
    # Whose guilds count although the right alone does not ask for them: the workflow looks itself.
    by_guild: bool = False
    # Whether it is about the person who presses, and about no plan.
    anywhere: bool = False
