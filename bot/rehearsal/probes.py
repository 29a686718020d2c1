"""The probes' twin: readings out of a script; what the script does not name reads as what would pass."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from bot.domain.bounds import Bound
from bot.domain.gates import Check
from bot.domain.plan import ResolvedPhase
from bot.domain.probes import AttestProbe, EnvProbe, Probe
from bot.domain.verdicts import Reading

Value = bool | float | str | None
Answer = Value | Reading | Callable[[], Value]
Guess = Callable[[Probe, ResolvedPhase], Value]


class RehearsalProbes:
    """Reads what the script says, for a probe or for a gate by its name; the newest line of the script counts.

    `guess` answers for the rest. A value of None reads as "could not be read"; a callable is asked each time.
    """

    def __init__(self, guess: Guess | None = None) -> None:
        self._guess = guess or passing
        self._gates: dict[str, Answer] = {}
        # Not every probe can be hashed (an env is a dict), so they are compared.
        self._probes: list[tuple[Probe, Answer]] = []
        self.asked: list[Probe] = []

    def gate_reads(self, gate: str, answer: Answer) -> None:
        self._gates[gate] = answer

    def probe_reads(self, probe: Probe, answer: Answer) -> None:
        self._probes.insert(0, (probe, answer))

    def forget(self) -> None:
        """Everything passes again."""
        self._gates.clear()
        self._probes.clear()

    async def read(self, probe: Probe, phase: ResolvedPhase, at: datetime) -> Reading:
        self.asked.append(probe)
        answer = self._scripted(probe, phase)
        if isinstance(answer, Reading):
            return replace(answer, at=at)
        value = answer() if callable(answer) else answer
        if value is None:
            trouble = (
                "awaits a person's word" if isinstance(probe, AttestProbe) else "could not be read in this rehearsal"
            )
            return Reading(None, at, f"rehearsed {probe.kind}", trouble=trouble)
        return Reading(value, at, f"rehearsed {probe.kind}", samples=_samples(probe, phase))

    def _scripted(self, probe: Probe, phase: ResolvedPhase) -> Answer:
        for known, answer in self._probes:
            if known == probe:
                return answer
        for gate in phase.phase.gates:
            if gate.probe == probe and gate.name in self._gates:
                return self._gates[gate.name]
        return self._guess(probe, phase)


def passing(probe: Probe, phase: ResolvedPhase) -> Value:
    """A value that passes every check of this probe in the phase; None when no value is known to."""
    if isinstance(probe, AttestProbe):
        return None
    bounds = [check.bound for check in _checks(phase) if check.probe == probe]
    if not bounds:
        return 0
    # One page may be asked for several texts: all of them together hold each.
    texts = " ".join(bound.contains for bound in bounds if bound.contains is not None)
    for value in chain(*(_candidates(bound) for bound in bounds), [texts]):
        if all(bound.holds(value) for bound in bounds):
            return value
    # The same probe is asked for different answers on the way forward and back: the way forward counts.
    return next(_candidates(bounds[0]), None)


def _checks(phase: ResolvedPhase) -> Iterator[Check]:
    yield from phase.phase.gates
    for step in phase.phase.steps:
        yield from getattr(step, "proof", ())
    for rung in phase.rungs.values():
        yield from rung.verify
        for step in rung.steps:
            yield from getattr(step, "proof", ())


def _candidates(bound: Bound) -> Iterator[bool | float | str]:
    """Values that this bound alone lets pass, the plainest first."""
    if bound.equals is not None:
        yield bound.equals
    yield from bound.one_of
    if bound.contains is not None:
        yield bound.contains
    if bound.lacks is not None:
        yield from (text for text in ("rehearsed", "") if bound.lacks not in text)
    yield from _numbers(bound)


def _numbers(bound: Bound) -> Iterable[float]:
    if bound.between is not None:
        low, high = (each.base for each in bound.between)
        return ((low + high) / 2,)
    if bound.at_most is not None:
        return (min(0.0, bound.at_most.base), bound.at_most.base)
    if bound.at_least is not None:
        return (bound.at_least.base,)
    if bound.under is not None:
        base = bound.under.base
        return (base / 2,) if base > 0 else (base - 1,)
    return (_beyond(bound.over.base),) if bound.over is not None else ()


def _beyond(base: float) -> float:
    """More than this, and still a share where it is one."""
    return (base + 1) / 2 if 0 <= base < 1 else base + max(1.0, abs(base))


def _samples(probe: Probe, phase: ResolvedPhase) -> int | None:
    """As many samples as the most demanding gate of this probe asks for."""
    wanted = [gate.min_samples or 0 for gate in phase.phase.gates if gate.probe == probe]
    counted = probe.kind == "prometheus" and not isinstance(probe, EnvProbe)
    return max(wanted, default=0) if counted else None
