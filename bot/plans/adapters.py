"""Adapters: how pydantic reads the plan's classes, which know nothing of pydantic.

Unknown keys are forbidden and nothing is coerced. Spans and quantities are read by their own `parse`.
"""

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, get_args

from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.quantities import Quantity, Span
from bot.plans import shapes

# pydantic takes a fifth of a second to import; the command line imports this module long before it reads a plan.
if TYPE_CHECKING:
    from pydantic import TypeAdapter

_STRICT: Final = {"extra": "forbid", "strict": True}


def _span(written: object) -> Span:
    if not isinstance(written, str):
        raise ValueError(f"{_quoted(written)} is not a span; write a number with ms, s, m, h or d, such as 24h")  # noqa: TRY004 - pydantic turns ValueError alone into a fault
    return Span.parse(written)


def _quantity(written: object) -> Quantity:
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        says = f"{_quoted(written)} is not a quantity; write a number, a share such as 5%, or a span such as 500ms"
        raise ValueError(says)  # noqa: TRY004 - see _span
    return Quantity.parse(written)


def _quoted(written: object) -> str:
    if isinstance(written, list | dict):
        return "a list" if isinstance(written, list) else "a mapping"
    return str(written).lower()


def _span_schema() -> object:
    from pydantic_core import core_schema

    written = core_schema.str_schema(pattern=r"^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)\s*$")
    return core_schema.no_info_plain_validator_function(_span, json_schema_input_schema=written)


def _quantity_schema() -> object:
    from pydantic_core import core_schema

    text = core_schema.str_schema(pattern=r"^\s*-?\d+(\.\d+)?\s*(%|ms|s|m|h|d|B|[KMGT]iB)?\s*$")
    written = core_schema.union_schema([core_schema.float_schema(), text])
    return core_schema.no_info_plain_validator_function(_quantity, json_schema_input_schema=written)


def _teach(shape: shapes.Shape, seen: set[shapes.Shape]) -> None:
    """Give every class below `shape` its strictness; `domain` stays free of any library."""
    if shape in seen:
        return
    seen.add(shape)
    for inner in get_args(shape):
        _teach(inner, seen)
    if is_dataclass(shape) and isinstance(shape, type) and shape not in PARSED:
        type.__setattr__(shape, "__pydantic_config__", _STRICT)
        for inner in shapes.fields_of(shape).values():
            _teach(inner, seen)


PARSED: Final[dict[type, Callable[[], object]]] = {Span: _span_schema, Quantity: _quantity_schema}


@cache
def _taught() -> None:
    for shape, build in PARSED.items():
        schema = build()
        type.__setattr__(shape, "__get_pydantic_core_schema__", classmethod(lambda _cls, _source, _of, s=schema: s))
    seen: set[shapes.Shape] = set()
    _teach(Plan, seen)
    _teach(ResolvedPhase, seen)


@cache
def plans() -> "TypeAdapter[Plan]":
    from pydantic import TypeAdapter

    _taught()
    return TypeAdapter(Plan)


@cache
def resolved_phases() -> "TypeAdapter[ResolvedPhase]":
    from pydantic import TypeAdapter

    _taught()
    return TypeAdapter(ResolvedPhase)
