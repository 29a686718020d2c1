"""Checks that are put together: each takes a value and its place and says what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Complaints = Iterator[str]
Check = Callable[[object, str], Complaints]


def complain(what: str, place: str) -> str:
    return f"[ERROR] {what} [json-pointer:{place}]"


def text(longest: int, shortest: int = 1) -> Check:
    """Accept a string between the two lengths, in characters."""

    def check(value: object, place: str) -> Complaints:
        if not isinstance(value, str):
            yield complain("must be a string", place)
        elif len(value) > longest:
            yield complain(f"must be no more than {longest} characters", place)
        elif len(value) < shortest:
            yield complain(f"must be at least {shortest} characters", place)

    return check


def link(longest: int = 3000) -> Check:
    def check(value: object, place: str) -> Complaints:
        yield from text(longest)(value, place)
        if isinstance(value, str) and urlsplit(value).scheme not in {"http", "https", "mailto"}:
            yield complain("must be a valid URL", place)

    return check


def truth(value: object, place: str) -> Complaints:
    if not isinstance(value, bool):
        yield complain("must be a boolean", place)


def number(least: int, most: int) -> Check:
    def check(value: object, place: str) -> Complaints:
        if isinstance(value, bool) or not isinstance(value, int):
            yield complain("must be an integer", place)
        elif not least <= value <= most:
            yield complain(f"must be between {least} and {most}", place)

    return check


def choice(*allowed: str) -> Check:
    def check(value: object, place: str) -> Complaints:
        if value not in allowed:
            yield complain(f"must be one of: {', '.join(allowed)}", place)

    return check


def many(each: Check, most: int, least: int = 1) -> Check:
    def check(value: object, place: str) -> Complaints:
        if not isinstance(value, list):
            yield complain("must be an array", place)
            return
        if len(value) > most:
            yield complain(f"no more than {most} items allowed", place)
        if len(value) < least:
            yield complain(f"no fewer than {least} items allowed", place)
        for index, item in enumerate(value):
            yield from each(item, f"{place}/{index}")

    return check


def anything(_value: object, _place: str) -> Complaints:
    yield from ()


def a_dict(value: object, place: str) -> Complaints:
    if not isinstance(value, dict):
        yield complain("must be an object", place)


@dataclass(frozen=True)
class Shape:
    """An object with the keys it must and may have; any other key is refused, as Slack does."""

    needs: Mapping[str, Check] = field(default_factory=dict)
    may: Mapping[str, Check] = field(default_factory=dict)
    rules: tuple[Check, ...] = ()

    def __call__(self, value: object, place: str) -> Complaints:
        if not isinstance(value, dict):
            yield complain("must be an object", place)
            return
        for name in self.needs.keys() - value.keys():
            yield complain(f"missing required field: {name}", place)
        for name, inner in value.items():
            check = self.needs.get(name) or self.may.get(name)
            if check is None:
                yield complain(f"invalid additional property: {name}", place)
            else:
                yield from check(inner, f"{place}/{name}")
        for rule in self.rules:
            yield from rule(value, place)


def kinds(shapes: Mapping[str, Shape], what: str) -> Check:
    """Pick the shape by the object's `type`; a type that is not listed is refused."""

    def check(value: object, place: str) -> Complaints:
        kind = value.get("type") if isinstance(value, dict) else None
        shape = shapes.get(kind) if isinstance(kind, str) else None
        if shape is None:
            yield complain(f"unsupported {what} type: {kind}", place)
        else:
            yield from shape(value, place)

    return check


def one_of(*names: str) -> Check:
    """Ask for exactly one of the keys."""

    def check(value: object, place: str) -> Complaints:
        present = [name for name in names if isinstance(value, dict) and name in value]
        if len(present) != 1:
            yield complain(f"must define exactly one of: {', '.join(names)}", place)

    return check
