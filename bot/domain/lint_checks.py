"""Lint of gates and checks: one bound that fits the probe, an alarm beyond it, a probe that fits its system."""

from collections.abc import Iterator
from typing import Final

from bot.domain.bounds import Alarm, Bound
from bot.domain.gates import Check, Gate
from bot.domain.plan import Plan
from bot.domain.probes import AttestProbe, CommandProbe, EnvProbe, HttpProbe, HttpReads, PrometheusProbe
from bot.domain.problems import Problem, unknown
from bot.domain.quantities import Quantity
from bot.domain.systems import Prometheus, Service
from bot.domain.walking import Path, walk

_NUMERIC: Final = ("at_most", "at_least", "under", "over", "between")
_TIMES: Final = frozenset(("ms", "s", "m", "h", "d"))
_TEXTS: Final = (HttpReads.HEADER, HttpReads.TEXT, HttpReads.CORS)
_BOUNDS: Final = (*_NUMERIC, "equals", "one_of", "contains", "lacks")


def check_problems(plan: Plan) -> Iterator[Problem]:
    for path, part in walk(plan):
        if isinstance(part, Check):
            yield from _bound(part, path)
            yield from _fits(part, path)
        if isinstance(part, Gate):
            yield from _gate(part, path)
        if isinstance(part, HttpProbe):
            yield from _http(plan, part, path)
        elif isinstance(part, PrometheusProbe):
            yield from _system(plan, part.system, path, "prometheus", Prometheus)
            if not part.query.strip():
                yield Problem((*path, "query"), "an empty query")
        elif isinstance(part, EnvProbe):
            yield from _env(plan, part, path)
        elif isinstance(part, AttestProbe):
            yield from unknown((*path, "by"), "guild", part.by, plan.guilds)
        elif isinstance(part, CommandProbe) and part.path is not None and part.text:
            yield Problem((*path, "text"), "both path and text", "a command has one reading; keep one of them")


def _bound(check: Check, path: Path) -> Iterator[Problem]:
    given = [name for name in _BOUNDS if getattr(check, name) not in (None, ())]
    if isinstance(check.probe, AttestProbe | EnvProbe):
        if given:
            whose = "an attested gate" if isinstance(check.probe, AttestProbe) else "an env probe (it is: at most 0)"
            yield Problem((*path, given[0]), f"{whose} takes no bound", f"leave {given[0]} out", at_key=True)
        return
    if not given:
        yield Problem(path, "no bound", f"give exactly one of: {', '.join(_BOUNDS)}")
    for extra in given[1:]:
        says = f"a second bound: {given[0]} and {extra}"
        yield Problem((*path, extra), says, "give exactly one; write two gates for two limits", at_key=True)
    if check.between and check.between[0].base > check.between[1].base:
        yield Problem((*path, "between"), f"between {check.between[0]} and {check.between[1]} lies nothing")


def _fits(check: Check, path: Path) -> Iterator[Problem]:
    """A bound that could never be compared with what the probe reads."""
    if not check.within:
        yield Problem((*path, "within"), "within 0s no effect can show")
    probe, quantity = check.probe, check.bound.quantity
    name = next((name for name in _NUMERIC if getattr(check, name) is not None), None)
    if quantity is None or name is None:
        return
    if (isinstance(probe, HttpProbe) and probe.reads in _TEXTS) or (isinstance(probe, CommandProbe) and probe.text):
        yield Problem(
            (*path, name), "this reading is a text, not a number", "use contains, lacks or equals", at_key=True
        )
    elif isinstance(probe, HttpProbe) and probe.reads is HttpReads.LATENCY and quantity.unit not in _TIMES:
        yield Problem((*path, name), f"'{quantity}' is no time", "write a span such as 500ms")
    elif isinstance(probe, HttpProbe) and probe.reads is HttpReads.STATUS and quantity.unit:
        yield Problem((*path, name), f"'{quantity}' is no status", "write a number such as 200")


def _gate(gate: Gate, path: Path) -> Iterator[Problem]:
    if not gate.when:
        yield Problem((*path, "when"), "a gate that is never asked", "name entry, exit or watch")
    if gate.patience < 1:
        yield Problem((*path, "patience"), f"a patience of {gate.patience} readings", "write 1 or more")
    if not gate.every:
        yield Problem((*path, "every"), "a gate cannot be read every 0s")
    elif gate.valid_for < gate.every:
        says = f"a verdict would be stale after {gate.valid_for}, before the next reading after {gate.every}"
        yield Problem((*path, "valid_for"), says, "valid_for is at least every")
    if gate.min_samples is not None:
        yield from _samples(gate, gate.min_samples, path)
    if gate.alarm:
        yield from _alarm(gate.alarm, gate.bound, (*path, "alarm"))


def _samples(gate: Gate, wanted: int, path: Path) -> Iterator[Problem]:
    where = (*path, "min_samples")
    if wanted < 1:
        yield Problem(where, f"{wanted} samples prove nothing", "write 1 or more")
    if not isinstance(gate.probe, PrometheusProbe) or not gate.probe.samples:
        yield Problem(where, "nothing counts the samples", "give the probe a samples query", at_key=True)


def _alarm(alarm: Alarm, bound: Bound, path: Path) -> Iterator[Problem]:
    given = [limit for limit in (alarm.above, alarm.below) if limit is not None]
    if len(given) != 1:
        yield Problem(path, "an alarm has exactly one limit", "write above: or below:")
        return
    upper = bound.at_most or bound.under or (bound.between[1] if bound.between else None)
    lower = bound.at_least or bound.over or (bound.between[0] if bound.between else None)
    if alarm.above is not None:
        yield from _beyond(alarm.above, upper, (*path, "above"), "above", 1)
    elif alarm.below is not None:
        yield from _beyond(alarm.below, lower, (*path, "below"), "below", -1)


def _beyond(limit: Quantity, bound: Quantity | None, path: Path, side: str, sign: int) -> Iterator[Problem]:
    if bound is None:
        yield Problem(path, f"an alarm {side} {limit} beside a bound that has no such side", "", at_key=True)
    elif (limit.base - bound.base) * sign < 0:
        yield Problem(path, f"an alarm {side} {limit} rings while the bound {bound} holds", "it lies beyond the bound")


def _system(plan: Plan, name: str, path: Path, word: str, kind: type) -> Iterator[Problem]:
    where = (*path, "system")
    yield from unknown(where, "system", name, plan.systems)
    system = plan.systems.get(name)
    if system is not None and not isinstance(system, kind):
        yield Problem(where, f"'{name}' is no {word} but {system.kind}", f"this probe asks a system of kind {word}")


def _http(plan: Plan, probe: HttpProbe, path: Path) -> Iterator[Problem]:
    # A service's own probe stands under `systems`, where the name is looked up in the same way.
    yield from _system(plan, probe.system, path, "service", Service)
    if not probe.get.startswith("/"):
        yield Problem((*path, "get"), f"'{probe.get}' is not a path", "begin with /")
    needs = {"path": HttpReads.JSON, "header": HttpReads.HEADER, "origin": HttpReads.CORS}
    for key, reads in needs.items():
        given = getattr(probe, key) is not None
        if given and probe.reads is not reads:
            yield Problem((*path, key), f"'{key}' is for reads: {reads}, not {probe.reads}", "", at_key=True)
        elif not given and probe.reads is reads:
            yield Problem((*path, "reads"), f"reads: {reads} needs '{key}'")
    if probe.refused_as is not None and probe.reads is not HttpReads.STATUS:
        yield Problem((*path, "refused_as"), "refused_as is for reads: status", "", at_key=True)


def _env(plan: Plan, probe: EnvProbe, path: Path) -> Iterator[Problem]:
    yield from _system(plan, probe.system, path, "service", Service)
    system = plan.systems.get(probe.system)
    if isinstance(system, Service) and not (system.env_file_env and system.reports):
        says = f"the system '{probe.system}' lacks env_file_env or reports"
        yield Problem((*path, "system"), says, "without them declared and running cannot be compared")
    phase = plan.phases[int(path[1])] if path[0] == "phases" else None
    if probe.env is None and (phase is None or phase.env is None):
        yield Problem(path, "no env file to compare with", "name one under env:")
