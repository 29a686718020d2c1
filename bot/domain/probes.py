"""Probes as a plan writes them: what is read, never what it means."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bot.domain.quantities import Span


class Later(StrEnum):
    """What a criterion waits for when its own probe is not available yet."""

    JETSTREAM = "jetstream"
    JUDGEMENT = "judgement"
    DRILLS = "drills"
    FREEZE = "freeze"


class HttpReads(StrEnum):
    """Which part of an HTTP answer is the reading."""

    STATUS = "status"
    HEADER = "header"
    JSON = "json"
    TEXT = "text"
    LATENCY = "latency"
    CORS = "cors"


@dataclass(frozen=True)
class HttpProbe:
    """One GET. The reading is a status, a header, a JSON value, the text, the seconds, or the CORS answer."""

    kind: Literal["http"]
    system: str
    get: str
    reads: HttpReads = HttpReads.STATUS
    path: str | None = None  # JMESPath, for `json`
    header: str | None = None  # for `header`
    origin: str | None = None  # for `cors`: the Origin that asks; the reading is Access-Control-Allow-Origin
    refused_as: int | None = None  # for `status`: a refused connection counts as this status
    timeout: Span = Span(seconds=5)


@dataclass(frozen=True)
class PrometheusProbe:
    """One instant query that gives one number; `samples` is a second query that counts what stands behind it."""

    kind: Literal["prometheus"]
    system: str
    query: str
    samples: str | None = None
    timeout: Span = Span(seconds=5)


@dataclass(frozen=True)
class EnvProbe:
    """How many declared variables differ from the file on the target and from what the service reports.

    `env` is a file of the plan; without it the phase's own is meant. `only` limits the comparison.
    """

    kind: Literal["env"]
    system: str
    env: str | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class CommandProbe:
    """One read-only command: an argument vector, never a shell. The reading is the exit code, or a JSON value."""

    kind: Literal["command"]
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # variables of the bot's own environment that the command needs; never shown
    path: str | None = None  # JMESPath over the output; without it the exit code is the reading
    text: bool = False  # the trimmed output is the reading
    timeout: Span = Span(seconds=20)


@dataclass(frozen=True)
class AttestProbe:
    """A person of a guild looks and says so. `until` names what will measure it later."""

    kind: Literal["attest"]
    ask: str
    by: str
    until: Later | None = None


Probe = HttpProbe | PrometheusProbe | EnvProbe | CommandProbe | AttestProbe
