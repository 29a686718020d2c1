"""The JSON Schema of a plan, generated from its classes, for editors and other programs."""

import json
from dataclasses import is_dataclass
from typing import Any, Final

from bot.domain.plan import Plan
from bot.plans import adapters, shapes
from bot.plans.meanings import meaning

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12; what reaches over more than one key (`bot.domain.lint`) is not in it."""
    made = adapters.plans().json_schema(mode="validation", ref_template="#/$defs/{model}")
    for shape in classes():
        described = made if shape is Plan else made["$defs"][shape.__name__]
        described["description"] = " ".join((shape.__doc__ or "").split())
        for key, value in described["properties"].items():
            value.pop("title", None)
            value["description"] = meaning(shape, key)
            _without_null(value)
    return {"$schema": _DIALECT, **made}


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def classes() -> tuple[type, ...]:
    """Every class of the plan, from the outside in."""
    found: dict[type, None] = {}
    waiting: list[shapes.Shape] = [Plan]
    while waiting:
        shape = waiting.pop(0)
        if is_dataclass(shape) and isinstance(shape, type) and shape not in found and shape not in adapters.PARSED:
            found[shape] = None
            waiting.extend(shapes.fields_of(shape).values())
        else:
            waiting.extend(shapes.members(shape) if len(shapes.members(shape)) > 1 else shapes.inner(shape))
    return tuple(found)


def _without_null(value: dict[str, Any]) -> None:
    # An empty value is refused by the loader: a key is given or left out.
    if "anyOf" in value:
        value["anyOf"] = [each for each in value["anyOf"] if each != {"type": "null"}]
    if value.get("default", "") is None:
        del value["default"]
