"""The reference of a plan's keys, generated from the classes: `python -m bot.plans.reference --write | --check`."""

import enum
import sys
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Final, Literal, get_args, get_origin

from bot.domain.quantities import Quantity, Span
from bot.plans import schema, shapes
from bot.plans.canonical import form
from bot.plans.meanings import meaning

_HEAD: Final = """\
# Plan reference

Generated from the classes in `bot/domain` by `python -m bot.plans.reference --write`; do not edit.

A plan is one YAML 1.2 file in `plans/`, checked by `rollout lint`. Unknown and repeated keys, empty values, tags,
anchors, aliases, merge keys and second documents are refused with line and column. Nothing is interpolated: a key
that ends in `_env` names a variable of the bot's own environment, a name under `secrets:` too.
`plan.schema.json` beside this page is the same as JSON Schema, for editors.

| Written | Is |
|---|---|
| text | text; a number or `true` as text stands in quotes, `yes` and `no` are text |
| span | a length of time: `500ms`, `30s`, `90m`, `24h`, `2d` |
| quantity | a number `5`, a share `5%`, a span `500ms`, or bytes with their base `10GiB`, `10000000000B` |
| name | 1 to 40 of `a-z`, `0-9` and `-` |

A gate or check has exactly one bound: `at_most`, `at_least`, `under`, `over`, `between`, `equals`, `one_of`, `contains`
or `lacks`. Gates that a person attests and probes of kind `env` have none.

Paths in `argv` are paths on the host that runs the bot: `ops/compose.codex.yml` of the GitGuard plan lies there, not in
this repository. Where a named file does exist here, its SHA-256 is part of what is approved.
"""
_SCALARS: Final = {str: "text", int: "whole number", bool: "`true` or `false`", Span: "span", Quantity: "quantity"}


def text() -> str:
    """The whole page."""
    return "\n".join((_HEAD, *map(_section, schema.classes())))


def _section(shape: type) -> str:
    rows = [
        f"| `{each.name}` | {_type(shapes.fields_of(shape)[each.name])} | {_default(each)} "
        f"| {meaning(shape, each.name).replace('|', chr(92) + '|')} |"
        for each in fields(shape)
    ]
    about = " ".join((shape.__doc__ or "").split())
    head = "| Key | Type | Default | Meaning |\n|---|---|---|---|"
    return "\n".join((f"## {heading(shape)}", "", about, "", head, *rows, ""))


def heading(shape: type) -> str:
    words = shapes.noun(shape)
    return words[:1].upper() + words[1:]


def _type(shape: shapes.Shape) -> str:
    several = shapes.members(shape)
    if len(several) > 1:
        return " or ".join(map(_type, several))
    one = several[0]
    if one in _SCALARS:
        return _SCALARS[one]
    origin: shapes.Shape = get_origin(one)
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in get_args(one))
    if isinstance(one, types.GenericAlias):
        return _container(one)
    if isinstance(one, enum.EnumMeta):
        return " or ".join(f"`{each.value}`" for each in one)  # type: ignore[var-annotated] # StrEnum
    return f"[{shapes.noun(one)}](#{shapes.noun(one).replace(' ', '-')})"


def _container(shape: types.GenericAlias) -> str:
    inner = get_args(shape)
    if get_origin(shape) is dict:
        return f"mapping of name to {_type(inner[1])}"
    return f"list of {_type(inner[0])}" if inner[-1] is Ellipsis else f"list of {len(inner)}: {_type(inner[0])}"


def _default(field: "Field[object]") -> str:
    if field.default is MISSING and field.default_factory is MISSING:
        return "required"
    value = field.default if field.default_factory is MISSING else field.default_factory()
    if value is None or value in ("", (), {}) or is_dataclass(value):
        return ""
    shown = form(value)
    if isinstance(shown, list):
        return f"`[{', '.join(map(str, shown))}]`"
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def main(arguments: list[str], docs: Path) -> int:
    """Write both files, or say which of them is stale."""
    wanted = {docs / "plan-reference.md": text(), docs / "plan.schema.json": schema.text()}
    stale = [path for path, made in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != made]
    if arguments == ["--write"]:
        for path in stale:
            path.write_text(wanted[path], encoding="utf-8")
        return 0
    for path in stale:
        sys.stderr.write(f"{path.name} is stale; run: python -m bot.plans.reference --write\n")
    return 1 if stale else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["--write"], ["--check"]):
        sys.exit("usage: python -m bot.plans.reference --write | --check")
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parents[2] / "docs"))
