"""The systems of a plan: named connections; `*_env` names a variable that holds the address."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.probes import CommandProbe, HttpProbe
from bot.domain.quantities import Span


@dataclass(frozen=True)
class Service:
    """A deployed service: where it answers, its env file, how it restarts, how its truth is read."""

    kind: Literal["service"]
    url_env: str
    env_file_env: str | None = None
    restart: tuple[str, ...] = ()
    restart_timeout: Span = Span(minutes=2)
    # How the service says with which environment it runs: JSON, a list of KEY=VALUE or a mapping.
    reports: HttpProbe | CommandProbe | None = None
    # How the service says which version runs: one text.
    runs: HttpProbe | CommandProbe | None = None


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus server, asked by instant queries."""

    kind: Literal["prometheus"]
    url_env: str


@dataclass(frozen=True)
class JetStream:
    """A NATS server; the stream is found by the subject that carries the events."""

    kind: Literal["jetstream"]
    url_env: str
    carries: str


System = Service | Prometheus | JetStream
