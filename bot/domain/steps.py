"""Steps: the actions of a phase and of its way back, as a plan writes them."""

from dataclasses import dataclass, field
from typing import Literal

from bot.domain.gates import Check
from bot.domain.probes import Later
from bot.domain.quantities import Span


@dataclass(frozen=True)
class FlagsStep:
    """Write the target's env file atomically, restart the service, prove what it runs with.

    `env` is a file of the plan (the phase's own when left out); `sets` changes single keys of the file in place.
    """

    kind: Literal["flags"]
    system: str
    title: str = ""
    env: str | None = None
    sets: dict[str, str] = field(default_factory=dict)
    proof: tuple[Check, ...] = ()
    timeout: Span = Span(minutes=3)
    source: str | None = None


@dataclass(frozen=True)
class DeployStep:
    """Run a deployment command with the version in an environment variable, prove that version runs.

    The running version is sealed before, so that `revert` can deploy exactly that.
    """

    kind: Literal["deploy"]
    system: str
    argv: tuple[str, ...]
    version: str
    version_env: str
    title: str = ""
    env: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # variables of the bot's own environment that the command needs; never shown
    proof: tuple[Check, ...] = ()
    timeout: Span = Span(minutes=10)
    source: str | None = None


@dataclass(frozen=True)
class RevertStep:
    """Deploy again the version that was sealed before the phase's deploy step, prove that it runs."""

    kind: Literal["revert"]
    system: str
    title: str = ""
    timeout: Span = Span(minutes=10)
    source: str | None = None


@dataclass(frozen=True)
class CommandStep:
    """Run one argument vector; `proof` is read back before a second attempt is ever made."""

    kind: Literal["command"]
    title: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # variables of the bot's own environment that the command needs; never shown
    proof: tuple[Check, ...] = ()
    timeout: Span = Span(minutes=5)
    source: str | None = None


@dataclass(frozen=True)
class HttpStep:
    """Send one request with an idempotency key, so that a repeat is recognised by the receiver."""

    kind: Literal["http"]
    title: str
    system: str
    method: Literal["POST", "PUT", "DELETE"]
    path: str
    key_header: str | None = None
    body: dict[str, str] = field(default_factory=dict)
    proof: tuple[Check, ...] = ()
    timeout: Span = Span(seconds=30)
    source: str | None = None


@dataclass(frozen=True)
class ByHandStep:
    """Something a person does and attests. `until` names what will do it later; such a step stops a phase's start."""

    kind: Literal["by-hand"]
    title: str
    instructions: str
    until: Later | None = None
    source: str | None = None
    system: str | None = None  # the system of the plan that the person works on


Step = FlagsStep | DeployStep | RevertStep | CommandStep | HttpStep | ByHandStep


@dataclass(frozen=True)
class Rung:
    """One rung of the rollback ladder: steps, how they are verified, what they cannot bring back."""

    title: str
    steps: tuple[Step, ...]
    verify: tuple[Check, ...] = ()
    cannot_bring_back: str = ""
    source: str | None = None
