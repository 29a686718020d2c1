"""The plan: a rollout as data, read from YAML and never changed while it runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.domain.gates import Gate
from bot.domain.probes import Later
from bot.domain.quantities import Quantity, Span
from bot.domain.steps import ByHandStep, Rung, Step
from bot.domain.systems import System


@dataclass(frozen=True)
class Guild:
    """An owner group: a Slack user group, named members, or both."""

    usergroup: str | None = None
    members: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Approvals:
    """How many of which guilds must say yes, and for how long their yes stands."""

    quorum: dict[str, int]
    expires: Span = Span(hours=24)


@dataclass(frozen=True)
class Soak:
    """How long a phase must stay healthy, and after how long without success it holds."""

    at_least: Span
    at_most: Span
    assumed: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Due:
    """A phase that waits for a span after another phase's proved deploy."""

    after: str
    wait: Span


@dataclass(frozen=True)
class Repositories:
    """Which repositories a phase touches, and the env key that says so: a list, or every one (`all: true`)."""

    key: str
    only: tuple[str, ...] = ()
    all: bool = False
    share: Quantity | None = None
    why: str = ""
    source: str | None = None


@dataclass(frozen=True)
class Task:
    """Work of people that the plan names: an owner guild, a due time after the phase's start, a *done* button."""

    task: str
    title: str
    owner: str
    due: Span
    source: str | None = None

    @property
    def name(self) -> str:
        return self.task


@dataclass(frozen=True)
class Phase:
    """One stage: what it applies, who must agree, how long it soaks, which gates it has, its way back."""

    phase: str
    title: str
    objective: str
    approvals: Approvals
    after: str | None = None
    due: Due | None = None
    env: str | None = None
    repos: Repositories | None = None
    steps: tuple[Step, ...] = ()
    soak: Soak | None = None
    gates: tuple[Gate, ...] = ()
    rollback: tuple[str, ...] = ()
    # Rungs for when only some repositories are bad; people choose them, nothing climbs them by itself.
    partial: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    source: str | None = None

    @property
    def name(self) -> str:
        return self.phase

    def gate(self, name: str) -> Gate | None:
        return next((gate for gate in self.gates if gate.name == name), None)

    def not_available(self) -> Iterator[tuple[str, Later]]:
        """Steps of a kind that comes later, each with what it waits for."""
        for step in self.steps:
            if isinstance(step, ByHandStep) and step.until:
                yield step.title, step.until


@dataclass(frozen=True)
class Week:
    """One line of the rollout schedule."""

    week: int
    title: str
    phases: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True)
class Audience:
    """People who are told: where, and by which mailing list (`mail_env` names the variable)."""

    audience: str
    title: str
    channel: str | None = None
    mail_env: str | None = None
    status_page: bool = False
    source: str | None = None


@dataclass(frozen=True)
class Dashboard:
    """A view that people keep open during the rollout."""

    dashboard: str
    title: str
    url_env: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Plan:
    """The whole document: guilds, systems, phases in order, the rungs of the way back."""

    plan: str
    title: str
    channel: str
    guilds: dict[str, Guild]
    run_by: str
    systems: dict[str, System]
    phases: tuple[Phase, ...]
    rungs: dict[str, Rung] = field(default_factory=dict)
    timezone: str = "UTC"
    schedule: tuple[Week, ...] = ()
    audiences: tuple[Audience, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()

    @property
    def name(self) -> str:
        return self.plan

    def phase(self, name: str) -> Phase | None:
        return next((phase for phase in self.phases if phase.name == name), None)


@dataclass(frozen=True)
class ResolvedPhase:
    """Everything that will be executed for one phase, at the moment of proposing: what the digest covers.

    `files` holds the env files' bytes as text by path, `hashes` the SHA-256 of the files named in argument
    vectors, `targets` the addresses behind `*_env`, `secrets` an HMAC for every variable that must stay unseen.
    """

    plan: str
    title: str
    run_by: str
    guilds: dict[str, Guild]
    systems: dict[str, System]
    phase: Phase
    rungs: dict[str, Rung]
    files: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
