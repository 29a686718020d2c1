"""YAML text to a tree in which every key and value knows its line and column.

What YAML can do beyond plain mappings, sequences and scalars (tags, anchors, aliases, merge keys, several
documents, repeated keys) is a fault: a plan reads the same to every reader.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from bot.plans.faults import FaultList, Place

DEPTH_CAP: Final = 24
# Keys, values and ends; a whole plan of many phases has a fifth of it.
EVENT_CAP: Final = 20_000
# The largest whole number that JSON readers agree on (RFC 8785).
NUMBER_CAP: Final = 2**53 - 1
_PARSER_BUGS: Final = (
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
)
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ENDLESS: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}


@dataclass(frozen=True)
class Scalar:
    place: Place
    value: bool | float | str | None


@dataclass(frozen=True)
class Mapping:
    place: Place
    entries: tuple[tuple[Scalar, "Node"], ...]

    def key(self, name: str) -> Scalar | None:
        return next((key for key, _ in self.entries if key.value == name), None)

    def get(self, name: str) -> "Node | None":
        return next((value for key, value in self.entries if key.value == name), None)


@dataclass(frozen=True)
class Sequence:
    place: Place
    items: tuple["Node", ...]


Node = Scalar | Mapping | Sequence


class UnreadableError(Exception):
    """The text stops being YAML at a place; what follows cannot be judged."""


def compose(text: str, faults: FaultList) -> Node | None:
    """Read the tree of one document; what is refused goes to `faults`. None when the text is no YAML or empty."""
    reader = YAML(typ="safe", pure=True)
    events: Iterator[Event] = reader.parse(text)
    try:
        return _Composer(events, faults).document()
    except UnreadableError:
        return None
    except MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        faults.add(place, "this is not YAML: " + ", ".join(filter(None, (bad.context, bad.problem))))
    except ReaderError as bad:
        faults.add(place_of(text, bad.position), f"the character U+{ord(text[bad.position]):04X} is not allowed")
    except YAMLError as bad:  # pragma: no cover - the two above are all that the parser raises
        faults.add(Place(1, 1), f"this is not YAML: {bad}")
    except _PARSER_BUGS as bad:
        # One file must not keep the others from being read; ruamel stumbles over "\\U00110000", for one.
        faults.add(Place(1, 1), f"this is not YAML: the parser gave up ({type(bad).__name__})")
    return None


def place_of(text: str, index: int) -> Place:
    before = text[:index]
    return Place(before.count("\n") + 1, index - before.rfind("\n"))


def plain(node: Node) -> object:
    """The tree as plain dictionaries, lists and scalars; the last of repeated keys stands."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {str(key.value): plain(value) for key, value in node.entries}


class _Composer:
    def __init__(self, events: Iterator[Event], faults: FaultList) -> None:
        self._events = self._counted(events)
        self._faults = faults

    def _counted(self, events: Iterator[Event]) -> Iterator[Event]:
        for number, event in enumerate(events):
            if number >= EVENT_CAP or self._faults.full:
                self._faults.add(
                    _place(event), f"a plan has at most {EVENT_CAP} keys and values", "write a shorter plan"
                )
                raise UnreadableError
            yield event

    def document(self) -> Node | None:
        found: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if found is not None:
                    self._faults.add(_place(event), "a second document begins here", "one file holds one plan")
                    return found
                if event.version or event.tags:
                    self._faults.add(Place(1, 1), "directives (%) are refused", "leave the line out")
                found = self._node(next(self._events), 0)
        if found is None:
            self._faults.add(Place(1, 1), "the file is empty", "begin with plan:, title: and channel:")
        return found

    def _node(self, event: Event, depth: int) -> Node:
        place = _place(event)
        if isinstance(event, AliasEvent):
            self._faults.add(place, f"the alias *{event.anchor} is refused", "write the value out")
            return Scalar(place, "")
        self._plainly(event, place)
        if depth > DEPTH_CAP:
            self._faults.add(place, f"this is nested more than {DEPTH_CAP} deep")
            raise UnreadableError
        if isinstance(event, ScalarEvent):
            return Scalar(place, self._scalar(event, place))
        if isinstance(event, SequenceStartEvent):
            return Sequence(place, tuple(self._node(each, depth + 1) for each in self._until(SequenceEndEvent)))
        return self._mapping(place, depth)

    def _until(self, end: type[Event]) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _plainly(self, event: Event, place: Place) -> None:
        if not isinstance(event, NodeEvent):
            return
        if event.anchor is not None:
            self._faults.add(place, f"the anchor &{event.anchor} is refused", "write the value out where it is used")
        tag = getattr(event, "ctag", None)  # scalars and collections carry one, their common class does not say so
        if tag is not None:
            self._faults.add(place, f"the tag {tag.handle or ''}{tag.suffix or ''} is refused", "leave the tag out")

    def _mapping(self, place: Place, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        first: dict[object, Place] = {}
        for event in self._until(MappingEndEvent):
            key = self._key(event, depth)
            value = self._node(next(self._events), depth + 1)
            if isinstance(value, Scalar) and value.value is None:
                value = Scalar(key.place, None)  # an empty value begins nowhere
            if key.value in first:
                where = f"line {first[key.value].line}"
                self._faults.add(key.place, f"the key '{key.value}' was already given in {where}", "keep one of them")
            first.setdefault(key.value, key.place)
            entries.append((key, value))
        return Mapping(place, tuple(entries))

    def _key(self, event: Event, depth: int) -> Scalar:
        if isinstance(event, ScalarEvent) and event.value == "<<" and event.style is None:
            self._faults.add(_place(event), "the merge key << is refused", "write the keys out")
            return Scalar(_place(event), "<<")
        node = self._node(event, depth + 1)
        if not isinstance(node, Scalar):
            self._faults.add(node.place, "a key is a word, not a list or a mapping")
            return Scalar(node.place, "")
        if not isinstance(node.value, str):
            self._faults.add(node.place, f"a key is text, not {_shown(node.value)}", "put it in quotes")
        return Scalar(node.place, str(node.value))

    def _scalar(self, event: ScalarEvent, place: Place) -> bool | float | str | None:
        text: str = event.value
        if re.search("[\ud800-\udfff]", text):
            self._faults.add(place, "half of a surrogate pair is no character")
            return ""
        if event.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _ENDLESS.fullmatch(text):
            self._faults.add(place, f"{text} is no number that anything can be held against")
            return 0
        if not (_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)):
            return text
        number = _number(text)
        if number is None:
            self._faults.add(place, "the number is too large", f"at most {NUMBER_CAP}")
            return 0
        return number


def _number(text: str) -> float | None:
    if len(text) > len(str(NUMBER_CAP)) * 2:
        return None
    number = int(text, 0 if text[:2] in {"0o", "0x"} else 10) if _INTEGER.fullmatch(text) else float(text)
    return number if math.isfinite(number) and abs(number) <= NUMBER_CAP else None


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _shown(value: object) -> str:
    return "empty" if value is None else str(value).lower()


def nulls(node: Node) -> Iterator[Scalar]:
    """Every value that was left empty."""
    if isinstance(node, Scalar):
        if node.value is None:
            yield node
        return
    inner = node.items if isinstance(node, Sequence) else tuple(value for _, value in node.entries)
    yield from chain.from_iterable(map(nulls, inner))
