"""Queries held against the history, with the arithmetic of Prometheus (extrapolation, resets, NaN)."""

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import copysign, fmod, inf, isinf, isnan, nan

from sandbox.systems.history import History
from sandbox.systems.meters import Labels
from sandbox.systems.promql_tree import (
    RANGE_FUNCTIONS,
    Aggregate,
    Binary,
    Call,
    Matcher,
    Minus,
    Node,
    NotModelledError,
    Number,
    Selector,
)

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Element:
    """One line of an instant vector."""

    labels: Labels
    value: float


Vector = list[Element]
Value = float | Vector


def evaluate(tree: Node, history: History, at: float) -> Value:
    """Return a number or an instant vector; raise NotModelledError for what this Prometheus cannot do."""
    match tree:
        case Number(value):
            return value
        case Minus(of):
            return _each(evaluate(of, history, at), operator.neg)
        case Selector(window=None):
            return _instant(tree, history, at)
        case Aggregate():
            return _aggregate(tree, history, at)
        case Call():
            return _call(tree, history, at)
        case Binary():
            left, right = evaluate(tree.left, history, at), evaluate(tree.right, history, at)
            return _binary(tree.operator, left, right)
        case _:
            raise NotModelledError(str(tree))


def increase(points: Points, begin: float, end: float) -> float | None:
    """How much a counter grew in (begin, end], extrapolated to its borders as Prometheus does it.

    A value below the one before it is a reset: the counter began again from zero.
    """
    if len(points) < 2:
        return None
    grown = points[-1][1] - points[0][1]
    grown += sum(before for (_, before), (_, after) in pairwise(points) if after < before)
    first, last = points[0][0], points[-1][0]
    sampled = last - first
    usual = sampled / (len(points) - 1)
    to_begin, to_end = first - begin, end - last
    if to_begin >= usual * 1.1:
        to_begin = usual / 2
    if grown > 0 and points[0][1] >= 0:
        # Not further back than where the counter would have been zero.
        to_begin = min(to_begin, sampled * points[0][1] / grown)
    if to_end >= usual * 1.1:
        to_end = usual / 2
    return grown * (sampled + to_begin + to_end) / sampled


def bucket_quantile(q: float, buckets: list[tuple[float, float]]) -> float:
    """Interpolate a quantile out of cumulative buckets (upper bound, count)."""
    if isnan(q):
        return nan
    if q < 0 or q > 1:
        return copysign(inf, q)
    buckets = sorted(buckets)
    if len(buckets) < 2 or not isinf(buckets[-1][0]) or buckets[-1][1] == 0:
        return nan
    rank = q * buckets[-1][1]
    place = next(place for place, (_, count) in enumerate(buckets) if count >= rank)
    if place == len(buckets) - 1:
        return buckets[-2][0]
    upper, count = buckets[place]
    if place == 0:
        return upper if upper <= 0 else upper * (rank / count if count else nan)
    lower, below = buckets[place - 1]
    return lower + (upper - lower) * (rank - below) / (count - below)


def _instant(selector: Selector, history: History, at: float) -> Vector:
    moment = at - selector.offset
    found: Vector = []
    for labels, samples in history.named(selector.name, _fits(selector)):
        value = samples.latest(moment)
        if value is not None:
            found.append(Element((("__name__", selector.name), *labels), value))
    return found


def _call(call: Call, history: History, at: float) -> Value:
    first = call.arguments[0] if call.arguments else None
    if call.function in RANGE_FUNCTIONS and isinstance(first, Selector) and len(call.arguments) == 1:
        return _over_range(call.function, first, history, at)
    if call.function == "histogram_quantile" and len(call.arguments) == 2:
        q, vector = (evaluate(argument, history, at) for argument in call.arguments)
        if isinstance(q, float) and not isinstance(vector, float):
            return _quantiles(q, vector)
    if call.function == "vector" and len(call.arguments) == 1 and first is not None:
        scalar = evaluate(first, history, at)
        if isinstance(scalar, float):
            return [Element((), scalar)]
    if call.function == "time" and not call.arguments:
        return at
    raise NotModelledError(call.function)


def _over_range(function: str, selector: Selector, history: History, at: float) -> Vector:
    end = at - selector.offset
    window = selector.window or 0.0
    found: Vector = []
    for labels, samples in history.named(selector.name, _fits(selector)):
        value = _fold(function, samples.window(end - window, end), end - window, end)
        if value is not None:
            found.append(Element(labels, value))
    return found


def _fold(function: str, points: Points, begin: float, end: float) -> float | None:
    if function in {"rate", "increase"}:
        grown = increase(points, begin, end)
        return grown / (end - begin) if grown is not None and function == "rate" else grown
    if not points:
        return None
    values = [value for _, value in points]
    return {"avg_over_time": sum(values) / len(values), "max_over_time": max(values)}.get(function, min(values))


def _quantiles(q: float, vector: Vector) -> Vector:
    groups: defaultdict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for element in vector:
        bound = dict(element.labels).get("le")
        if bound is not None:
            groups[_without(element.labels, ("le", "__name__"))].append((float(bound), element.value))
    return [Element(labels, bucket_quantile(q, buckets)) for labels, buckets in groups.items()]


FOLDS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
}


def _aggregate(tree: Aggregate, history: History, at: float) -> Vector:
    if tree.operator not in FOLDS or len(tree.arguments) != 1:
        raise NotModelledError(tree.operator)
    vector = evaluate(tree.arguments[0], history, at)
    if isinstance(vector, float):
        raise NotModelledError("an aggregation of a number")
    groups: defaultdict[Labels, list[float]] = defaultdict(list)
    for element in vector:
        groups[_group(tree, element.labels)].append(element.value)
    return [Element(labels, float(FOLDS[tree.operator](values))) for labels, values in groups.items()]


def _group(tree: Aggregate, labels: Labels) -> Labels:
    if tree.without:
        return _without(labels, (*(tree.by or ()), "__name__"))
    return tuple(pair for pair in labels if pair[0] in (tree.by or ()))


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    return nan if left == 0 or isnan(left) else copysign(inf, left) * copysign(1.0, right)


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": lambda left, right: fmod(left, right) if right else nan,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def _binary(sign: str, left: Value, right: Value) -> Value:
    if sign == "or" and not isinstance(left, float) and not isinstance(right, float):
        taken = {_without(element.labels) for element in left}
        return [*left, *(element for element in right if _without(element.labels) not in taken)]
    if sign in ARITHMETIC:
        return _arithmetic(ARITHMETIC[sign], left, right)
    if sign in COMPARISONS and not isinstance(left, float) and isinstance(right, float):
        return [element for element in left if COMPARISONS[sign](element.value, right)]
    raise NotModelledError(sign)


def _arithmetic(sign: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, float):
        return _each(right, lambda value: sign(left, value))
    if isinstance(right, float):
        return _each(left, lambda value: sign(value, right))
    others = {_without(element.labels): element.value for element in right}
    return [
        Element(labels, sign(element.value, others[labels]))
        for element in left
        if (labels := _without(element.labels)) in others
    ]


def _each(value: Value, change: Callable[[float], float]) -> Value:
    if isinstance(value, float):
        return change(value)
    return [Element(_without(element.labels), change(element.value)) for element in value]


def _without(labels: Labels, gone: Iterable[str] = ("__name__",)) -> Labels:
    return tuple(pair for pair in labels if pair[0] not in gone)


def _fits(selector: Selector) -> Callable[[Labels], bool]:
    tests = [(matcher.label, _test(matcher)) for matcher in selector.matchers if matcher.label != "__name__"]

    def fits(labels: Labels) -> bool:
        values = dict(labels)
        return all(test(values.get(label, "")) for label, test in tests)

    return fits


def _test(matcher: Matcher) -> Callable[[str], bool]:
    wanted = matcher.value
    if matcher.operator == "=":
        return lambda value: value == wanted
    if matcher.operator == "!=":
        return lambda value: value != wanted
    pattern = re.compile(wanted)
    if matcher.operator == "=~":
        return lambda value: pattern.fullmatch(value) is not None
    return lambda value: pattern.fullmatch(value) is None
