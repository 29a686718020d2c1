"""Shapes: which class of the plan stands behind a place in the text."""

import types
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from bot.plans import tree

Path = Sequence[str | int]
# A class, or a union or tuple of classes; typing has no one name for them.
Shape = Any


@cache
def hints(shape: type) -> dict[str, Shape]:
    return get_type_hints(shape)


def fields_of(shape: Shape) -> dict[str, Shape]:
    """The fields of a class of the plan with their types; none for any other type."""
    return hints(shape) if is_dataclass(shape) and isinstance(shape, type) else {}


def kind_of(shape: Shape) -> str | None:
    """The word that `kind` must hold for this class."""
    literal: Shape = fields_of(shape).get("kind")
    return str(get_args(literal)[0]) if literal is not None else None


def members(shape: Shape) -> tuple[Shape, ...]:
    """The alternatives of a type, without None."""
    origin: Shape = get_origin(shape)
    if origin in (Union, types.UnionType):
        return tuple(each for each in get_args(shape) if each is not type(None))
    return (shape,)


def inner(shape: Shape) -> tuple[Shape, ...]:
    """What a list or a mapping holds."""
    return tuple(each for each in get_args(shape) if each is not Ellipsis and not isinstance(each, str))


def keys(shape: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(shape))


def noun(shape: Shape) -> str:
    """What people call the class: its name in words, or its kind."""
    if not isinstance(shape, type):
        return "value"
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in shape.__name__).strip()
    kind = kind_of(shape)
    if kind is None:
        return words
    last = words.split()[-1]
    return f"{kind} {last}" if last in {"probe", "step"} else f"{kind} system"


@dataclass(frozen=True)
class Spot:
    """Where a path of pydantic's leads: the node, what was expected there, and the mapping around it."""

    node: tree.Node
    shape: Shape
    around: tree.Node
    owner: Shape
    last: str | int


class ElsewhereError(Exception):
    """The path goes through a variant that was not written."""


class NoKindError(Exception):
    """A mapping where one of several classes stands, whose `kind` names none of them."""

    def __init__(self, node: tree.Node, kinds: tuple[str, ...]) -> None:
        self.node = node
        self.kinds = kinds
        super().__init__(", ".join(kinds))


def follow(root: tree.Node, shape: Shape, loc: Path) -> Spot:
    """Walk a location.

    Raises ElsewhereError when it speaks of another variant than the one that `kind` names, and NoKindError
    when `kind` names none.
    """
    node, around, owner = root, root, shape
    last: str | int = ""
    for part in loc:
        shapes = members(shape)
        if len(shapes) > 1:
            shape = _chosen(shapes, node)
            if part in {getattr(each, "__name__", "") for each in shapes}:
                if is_dataclass(shape) and getattr(shape, "__name__", "") != part:
                    raise ElsewhereError
                continue
        else:
            shape = shapes[0]
        around, owner, last = node, shape, part
        node, shape = _step(node, shape, part)
    return Spot(node, shape, around, owner, last)


def _step(node: tree.Node, shape: Shape, part: str | int) -> tuple[tree.Node, Shape]:
    if isinstance(node, tree.Mapping):
        inner = node.get(str(part))
        expected = fields_of(shape).get(str(part)) if is_dataclass(shape) else (get_args(shape) or (None,))[-1]
        return (inner if inner is not None else node), expected
    if isinstance(node, tree.Sequence) and isinstance(part, int):
        kinds = get_args(shape)
        repeated = bool(kinds) and kinds[-1] is Ellipsis
        expected = kinds[0] if repeated else (kinds[part] if part < len(kinds) else None)
        return (node.items[part] if part < len(node.items) else node), expected
    return node, None


def _chosen(shapes: tuple[Shape, ...], node: tree.Node) -> Shape:
    """The variant whose kind is written; the union itself when there is none."""
    written = node.get("kind") if isinstance(node, tree.Mapping) else None
    word = written.value if isinstance(written, tree.Scalar) else None
    for each in shapes:
        if is_dataclass(each) and kind_of(each) == word:
            return each
    if all(map(is_dataclass, shapes)):
        raise NoKindError(node, tuple(filter(None, map(kind_of, shapes))))
    return Union[shapes]  # noqa: UP007 - built from values, not written down
