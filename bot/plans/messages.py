"""What pydantic found, as sentences about the plan with the place they are true of."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, get_args

from bot.domain.nearest import did_you_mean
from bot.domain.plan import Plan
from bot.domain.quantities import Quantity, Span
from bot.plans import shapes, tree
from bot.plans.faults import FaultList, Place

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_EXPECTED: Final[dict[str, tuple[str, str]]] = {
    "string_type": ("text", "put it in quotes"),
    "bool_type": ("true or false", ""),
    "int_type": ("a whole number", ""),
    "int_from_float": ("a whole number", ""),
    "tuple_type": ("a list", "write each item on its own line after a dash, or [a, b]"),
    "dict_type": ("a mapping", "write key: value"),
    "dataclass_type": ("a mapping", "write key: value"),
}


def tell(errors: Iterable["ErrorDetails"], root: tree.Node, faults: FaultList) -> None:
    """Add one fault for each error; those about a variant that was not written are dropped."""
    # Where the text itself is at fault, what it would have meant is not judged.
    marked = faults.places
    for error in errors:
        if faults.full:
            return
        try:
            spot = shapes.follow(root, Plan, error["loc"])
        except shapes.ElsewhereError:
            continue
        except shapes.NoKindError as missing:
            _tell_kind(missing, faults)
            continue
        key = spot.around.key(str(spot.last)) if isinstance(spot.around, tree.Mapping) else None
        if spot.node.place not in marked and (key is None or key.place not in marked):
            _TELLERS.get(error["type"], _tell_value)(error, spot, faults)


def _tell_kind(missing: shapes.NoKindError, faults: FaultList) -> None:
    kinds = ", ".join(missing.kinds)
    if not isinstance(missing.node, tree.Mapping):
        faults.add(missing.node.place, f"expected a mapping with a kind, not {shown(missing.node)}", f"one of: {kinds}")
        return
    kind = missing.node.get("kind")
    if kind is None:
        faults.add(_first_key(missing.node), "missing key 'kind'", f"one of: {kinds}")
        return
    written = kind.value if isinstance(kind, tree.Scalar) else None
    near = did_you_mean(written, missing.kinds) if isinstance(written, str) else ""
    remedy = f"{near} the kinds are: {kinds}" if near.startswith("did") else f"the kinds are: {kinds}"
    faults.add(kind.place, f"unknown kind {shown(kind)}", remedy)


def _tell_unknown(error: "ErrorDetails", spot: shapes.Spot, faults: FaultList) -> None:
    name = str(error["loc"][-1])
    key = spot.around.key(name) if isinstance(spot.around, tree.Mapping) else None
    place = key.place if key else spot.around.place
    known = shapes.keys(spot.owner) if isinstance(spot.owner, type) else ()
    given = {each.value for each, _ in spot.around.entries} if isinstance(spot.around, tree.Mapping) else set()
    remedy = did_you_mean(name, [each for each in known if each not in given])
    faults.add(place, f"unknown key '{name}' in {shapes.noun(spot.owner)}", remedy)


def _tell_missing(error: "ErrorDetails", spot: shapes.Spot, faults: FaultList) -> None:
    name = error["loc"][-1]
    if isinstance(name, int):
        faults.add(spot.around.place, "expected two values, the lowest and the highest", "write [0, 5]")
        return
    faults.add(_first_key(spot.around), f"missing key '{name}' in {shapes.noun(spot.owner)}")


def _tell_choice(_error: "ErrorDetails", spot: shapes.Spot, faults: FaultList) -> None:
    shape = shapes.members(spot.shape)[0]
    known = [str(each) for each in (get_args(shape) or tuple(shape))]
    written = spot.node.value if isinstance(spot.node, tree.Scalar) else None
    remedy = did_you_mean(written, known) if isinstance(written, str) else f"known are: {', '.join(known)}"
    faults.add(spot.node.place, f"{shown(spot.node)} is not known for '{spot.last}'", remedy)


def _tell_said(error: "ErrorDetails", spot: shapes.Spot, faults: FaultList) -> None:
    said, _, remedy = str(error["ctx"]["error"]).partition("; ")
    faults.add(spot.node.place, said, remedy)


def _tell_value(error: "ErrorDetails", spot: shapes.Spot, faults: FaultList) -> None:
    wanted, remedy = _wanted(error, spot.shape)
    where = f"'{spot.last}'" if isinstance(spot.last, str) else f"item {spot.last + 1}"
    if not error["loc"]:
        where = "a plan"
    faults.add(spot.node.place, f"{where} must be {wanted}, not {shown(spot.node)}", remedy)


def _wanted(error: "ErrorDetails", shape: shapes.Shape) -> tuple[str, str]:
    several = shapes.members(shape)
    if len(several) > 1:
        words = {"bool": "true or false", "int": "a whole number", "str": "text"}
        return " or ".join(words.get(each.__name__, each.__name__) for each in several), ""
    if several[0] is Span:
        return "a span", "write a number with ms, s, m, h or d, such as 24h"
    if several[0] is Quantity:
        return "a number, a share or a span", "write 5, 5% or 500ms"
    return _EXPECTED.get(error["type"], (f"right ({error['msg']})", ""))


def shown(node: tree.Node) -> str:
    """A value as a fault quotes it."""
    if isinstance(node, tree.Mapping):
        return "a mapping"
    if isinstance(node, tree.Sequence):
        return "a list"
    if isinstance(node.value, str):
        return f"'{node.value[:60]}'"
    return "nothing" if node.value is None else f"{node.value}".lower()


def _first_key(node: tree.Node) -> Place:
    return node.entries[0][0].place if isinstance(node, tree.Mapping) and node.entries else node.place


_TELLERS: Final[dict[str, Callable[["ErrorDetails", shapes.Spot, FaultList], None]]] = {
    "unexpected_keyword_argument": _tell_unknown,
    "missing": _tell_missing,
    "missing_argument": _tell_missing,
    "enum": _tell_choice,
    "literal_error": _tell_choice,
    "value_error": _tell_said,
}
