"""What a query means, as a tree: the nodes that the parser builds and the evaluator walks."""

from dataclasses import dataclass

RANGE_FUNCTIONS = frozenset({"rate", "increase", "avg_over_time", "max_over_time", "min_over_time"})


class QuerySyntaxError(Exception):
    """The text is no PromQL; Prometheus answers 400 bad_data."""


class NotModelledError(Exception):
    """PromQL, but more than this small Prometheus can do: it answers with an empty result."""


@dataclass(frozen=True)
class Matcher:
    label: str
    operator: str
    value: str


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Selector:
    """A metric by name and labels; with `window` (seconds) it is a range."""

    name: str
    matchers: tuple[Matcher, ...]
    window: float | None = None
    offset: float = 0.0


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Aggregate:
    """`sum by (le) (…)`; `by` is None when everything is put together."""

    operator: str
    by: tuple[str, ...] | None
    without: bool
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Minus:
    of: "Node"


@dataclass(frozen=True)
class Beyond:
    """A construct that is PromQL and not modelled."""

    what: str


Node = Number | Text | Selector | Call | Aggregate | Binary | Minus | Beyond
