"""An office of harmless twins behind the people's door, and people who knock at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.gates import Gate, OnFail, When
from bot.domain.people import Kind, Person
from bot.domain.plan import Approvals, Guild, Phase, Plan, Soak, Task
from bot.domain.probes import AttestProbe, HttpProbe
from bot.domain.quantities import Quantity, Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun
from bot.domain.steps import ByHandStep, Rung
from bot.domain.systems import Service
from bot.ports import Meaning, Snapshot
from bot.rehearsal.buttons import RehearsalButtons
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.ledger import RehearsalLedger
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.probes import RehearsalProbes
from bot.rehearsal.rollouts import RehearsalRollouts
from bot.rehearsal.sheet import RehearsalSheet
from bot.rehearsal.shelf import RehearsalShelf
from bot.rehearsal.subscriptions import RehearsalSubscriptions
from bot.rehearsal.timers import RehearsalTimers
from bot.views.message import Message
from bot.workflows.addressing import Addressees
from bot.workflows.due import Firing
from bot.workflows.gates import Gates
from bot.workflows.office import Office
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks
from bot.workflows.telling import Subscribers, Telling
from commands.desk import Ask, Desk
from commands.door import guarded, later
from commands.home import Homes
from commands.pressing import pressed, submitted
from commands.rooms import Rooms
from commands.verbs import PRESSES, spoken

ROOM = "C0ROLLOUT"
ELSEWHERE = "C0GENERAL"
ENGINEER, DEVOPS, SECURITY, BOTH = "U0ENGINEER", "U0DEVOPS", "U0SECURITY", "U0BOTH"
STRANGER, GUEST, ROBOT, FOREIGN = "U0STRANGER", "U0GUEST", "U0ROBOT", "U0FOREIGN"


def _person(user: str, name: str, guilds: tuple[str, ...] = (), kind: Kind = Kind.FULL) -> Person:
    return Person(user, name, frozenset(guilds), kind)


PEOPLE = {
    person.id: person
    for person in (
        _person(ENGINEER, "engineer", ("devops",)),
        _person(DEVOPS, "second of devops", ("devops",)),
        _person(SECURITY, "security", ("platform-security",)),
        _person(BOTH, "in both", ("devops", "platform-security")),
        _person(STRANGER, "stranger"),
        # Named in a guild on purpose: the kind alone keeps them out.
        _person(GUEST, "guest", ("devops", "platform-security"), Kind.GUEST),
        _person(ROBOT, "robot", ("devops", "platform-security"), Kind.BOT),
        _person(FOREIGN, "foreign", ("devops", "platform-security"), Kind.FOREIGN),
    )
}


def sample_plan(name: str = "sample", channel: str = "#rollout-room") -> Plan:
    health = Gate(
        gate="health",
        title="It answers",
        probe=HttpProbe("http", "brain", "/health"),
        equals=200,
        when=(When.ENTRY, When.EXIT, When.WATCH),
        on_fail=OnFail.HOLD,
        valid_for=Span(hours=2),
    )
    latency = Gate(
        gate="latency",
        title="It is fast",
        probe=HttpProbe("http", "brain", "/fast"),
        under=Quantity(Decimal("0.5")),
        when=(When.EXIT,),
        waivable=True,
    )
    review = Gate(
        gate="review",
        title="Somebody looked",
        probe=AttestProbe("attest", "Is the dashboard calm?", "platform-security"),
        equals=True,
        when=(When.EXIT,),
        valid_for=Span(hours=2),
    )
    quorum = Approvals({"devops": 1, "platform-security": 1})

    def phase(title: str, after: str | None = None) -> Phase:
        return Phase(
            phase=title,
            title=title.capitalize(),
            objective="To see it work",
            approvals=quorum,
            after=after,
            soak=Soak(Span(minutes=30), Span(hours=6)),
            gates=(health, latency, review),
            rollback=("flags-off",),
            tasks=(Task("tell-them", "Tell the teams", "platform-security", Span(hours=4)),),
        )

    return Plan(
        plan=name,
        title=f"{name.capitalize()} brain",
        channel=channel,
        guilds={
            "devops": Guild("devops-team", (), "DevOps"),
            "platform-security": Guild("security-team", (), "Security"),
        },
        run_by="devops",
        systems={"brain": Service("service", "BRAIN_URL")},
        phases=(phase("staging"), phase("canary", "staging"), phase("production", "canary")),
        rungs={"flags-off": Rung("Flags off", (ByHandStep("by-hand", "Turn it off", "Press the switch"),))},
    )


@dataclass
class Hands:
    """What a person would see in Slack beside the answer."""

    views: list[Mapping[str, Any]] = field(default_factory=list)
    said: list[tuple[str, str, Message]] = field(default_factory=list)
    whispered: list[tuple[str, str, str, Message]] = field(default_factory=list)
    late: Refusal | None = None

    async def open_modal(self, trigger: str, view: Mapping[str, object]) -> Refusal | None:
        assert trigger
        if self.late is None:
            self.views.append(view)
        return self.late

    async def say(self, channel: str, thread: str, message: Message) -> None:
        self.said.append((channel, thread, message))

    async def whisper(self, channel: str, thread: str, person: str, message: Message) -> None:
        self.whispered.append((channel, thread, person, message))


@dataclass
class Tabs:
    """The home tabs as Slack has them, and the channels that people are in."""

    shown: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    rooms: dict[str, frozenset[str]] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)
    seconds: float = 1000.0

    async def publish(self, person: str, view: Mapping[str, Any]) -> float:
        if self.pauses:
            return self.pauses.pop()
        self.shown.setdefault(person, []).append(view)
        return 0.0

    async def rooms_of(self, person: str) -> frozenset[str]:
        return self.rooms.get(person, frozenset({ROOM, "#rollout-room", "#general"}))

    def elapsed(self) -> float:
        return self.seconds


class House:
    """The office with its twins, and the acts of people."""

    def __init__(self, *plans: Plan) -> None:
        self.clock = RehearsalClock()
        self.timers, self.outbox, self.ledger = RehearsalTimers(), RehearsalOutbox(), RehearsalLedger()
        self.rollouts = RehearsalRollouts(self.clock, self.timers, self.outbox, self.ledger)
        self.shelf = RehearsalShelf(plans or (sample_plan(),))
        self.directory = RehearsalDirectory(PEOPLE)
        self.buttons, self.probes, self.hands = RehearsalButtons(), RehearsalProbes(), Hands()
        self.names = {ROOM: "rollout-room", ELSEWHERE: "general"}
        self.asked_names: list[str] = []
        sheet = RehearsalSheet((("+", "CODEX_ENABLED", "", "true"),))
        self.subscribers, self.tabs = Subscribers(RehearsalSubscriptions()), Tabs()
        store = Telling(self.rollouts, self.subscribers)
        gates = Gates(store, self.timers, self.shelf, self.probes, self.clock)
        office = Office(
            Proposals(store, self.shelf, self.directory, sheet, self.clock),
            Progress(store, self.clock),
            gates,
            Rollbacks(store, gates, self.clock),
            store,
            self.ledger,
            self.buttons,
            self.directory,
            self.shelf,
            self.clock,
            subscriptions=self.subscribers,
        )
        self.addressees = Addressees(self.directory, self.tabs.rooms_of, self.clock)
        self.homes = Homes(office, self.addressees, self.tabs.publish, self.tabs.elapsed)
        self.office = replace(office, homes=self.homes)
        self.forgot = 0
        rooms = Rooms(self.shelf.plans, self._name, self.clock.real)
        self.desk = Desk(self.office, rooms, self.hands, later, self._forget)

    async def _name(self, channel: str) -> str:
        self.asked_names.append(channel)
        return self.names.get(channel, "")

    def _forget(self, _user: str) -> None:
        self.forgot += 1

    async def type(self, text: str, by: str = ENGINEER, *, channel: str = ROOM, trigger: str = "t1") -> Message | None:
        """`/rollout TEXT`, as the door serves it; what follows the answer has come about."""
        ask = Ask(by, channel, tuple(text.split()), trigger)
        answer = await guarded(self.desk, ask, lambda: spoken(self.desk, ask))
        await self.desk.errands.settle()
        return answer

    async def says(self, text: str, by: str = ENGINEER, *, channel: str = ROOM) -> str:
        answer = await self.type(text, by, channel=channel)
        return read(answer)

    async def press(self, meaning: Meaning, by: str = ENGINEER) -> Message | None:
        (button,) = await self.buttons.ids((meaning,))
        return await self.press_id(button, by)

    async def press_id(self, button: str, by: str = ENGINEER, channel: str = ROOM) -> Message | None:
        ask = Ask(by, channel, trigger="t1")
        answer = await guarded(self.desk, ask, lambda: pressed(self.desk, ask, PRESSES, button))
        await self.desk.errands.settle()
        return answer

    async def send(self, meaning: Meaning, form: Mapping[str, tuple[str, ...]], by: str = ENGINEER) -> Message | None:
        (button,) = await self.buttons.ids((meaning,))
        ask = Ask(by, "", trigger="t1")
        answer = await guarded(self.desk, ask, lambda: submitted(self.desk, ask, PRESSES, button, form))
        await self.desk.errands.settle()
        return answer

    async def seen(self, plan: str = "sample") -> Snapshot:
        return (await self.rollouts.live(plan))[0]

    async def run(self, phase: str) -> PhaseRun:
        found = (await self.seen()).rollout.run(phase)
        assert found
        return found

    async def meaning(self, move: str, phase: str = "staging", subject: str = "") -> Meaning:
        run = await self.run(phase)
        return Meaning("sample-1", move, phase, run.attempt, run.digest, subject)

    async def read_gates(self) -> None:
        """Fire everything that is due, as the waker would."""
        office = self.office
        await Firing(self.timers, office.proposals, office.gates, office.rollbacks, self.clock).sweep()

    async def proposed(self, phase: str = "staging") -> None:
        answer = await self.says(f"start {phase}")
        assert "proposed" in answer, answer
        await self.read_gates()

    async def approved(self, phase: str = "staging") -> None:
        await self.proposed(phase)
        assert "approved" in await self.says("approve", DEVOPS)
        assert "approved" in await self.says("approve", SECURITY)

    async def soaking(self, phase: str = "staging") -> None:
        await self.approved(phase)
        assert "started" in await self.says("start")

    async def ready(self, phase: str = "staging") -> None:
        await self.soaking(phase)
        await self.send(
            await self.meaning("attest", phase), {"gates": ("review",), "statement": ("It is calm.",)}, SECURITY
        )
        for _ in range(7):
            self.clock.advance(timedelta(minutes=5))
            await self.read_gates()


def read(answer: Message | None) -> str:
    """Everything that the answer shows, in one text."""
    return f"{answer.text} {answer.blocks}" if answer else ""


def buttons_of(answer: Message | None) -> dict[str, str]:
    """The labels of an answer's buttons with their ids."""
    blocks: Any = answer.blocks if answer else ()
    return {
        element["text"]["text"]: element["value"]
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def two_plans() -> House:
    return House(sample_plan(), replace(sample_plan("other"), title="Other brain"))
