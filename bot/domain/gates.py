"""Gates: a question, what reads the answer, its bound, and what a no does."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.domain.bounds import Alarm, Bound
from bot.domain.probes import AttestProbe, EnvProbe, Probe
from bot.domain.quantities import Quantity, Span


class When(StrEnum):
    """`entry`: before the first step. `exit`: before promote. `watch`: always, until the rollout is closed."""

    ENTRY = "entry"
    EXIT = "exit"
    WATCH = "watch"


class OnFail(StrEnum):
    """What a failing watch gate does."""

    ROLL_BACK = "roll-back"
    HOLD = "hold"
    TELL = "tell"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A probe with its bound: how a step or a rung proves its effect."""

    probe: Probe
    at_most: Quantity | None = None
    at_least: Quantity | None = None
    under: Quantity | None = None
    over: Quantity | None = None
    between: tuple[Quantity, Quantity] | None = None
    equals: bool | int | str | None = None
    one_of: tuple[int | str, ...] = ()
    contains: str | None = None
    lacks: str | None = None
    # How long the effect may take to show.
    within: Span = Span(seconds=60)

    @property
    def bound(self) -> Bound:
        limit = self.at_most
        if limit is None and isinstance(self.probe, EnvProbe):
            limit = Quantity(Decimal(0))  # it counts differences, and none is the point of it
        return Bound(
            at_most=limit,
            at_least=self.at_least,
            under=self.under,
            over=self.over,
            between=self.between,
            equals=self.equals,
            one_of=self.one_of,
            contains=self.contains,
            lacks=self.lacks,
        )


@dataclass(frozen=True, kw_only=True)
class Gate(Check):
    """One criterion of a phase. `source` is the sentence of the document it stands for.

    `assumed` says why a bound was chosen when the document names none.
    """

    gate: str
    title: str
    when: tuple[When, ...] = (When.EXIT, When.WATCH)
    alarm: Alarm | None = None
    min_samples: int | None = None
    every: Span = Span(minutes=1)
    valid_for: Span = Span(minutes=5)
    patience: int = 5
    on_fail: OnFail = OnFail.TELL
    waivable: bool = False
    assumed: str | None = None
    source: str | None = None

    @property
    def name(self) -> str:
        return self.gate

    @property
    def attested(self) -> bool:
        return isinstance(self.probe, AttestProbe)

    def at(self, when: When) -> bool:
        return when in self.when
