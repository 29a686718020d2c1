"""Walking a plan: every part of it, each with the path of keys and indexes that leads there."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

Path = tuple[str | int, ...]


def walk(part: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield each dataclass value inside `part`, itself included, outermost first."""
    if is_dataclass(part) and not isinstance(part, type):
        yield path, part
        for field in fields(part):
            yield from walk(getattr(part, field.name), (*path, field.name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from walk(value, (*path, str(key)))
    elif isinstance(part, tuple | list):
        for index, value in enumerate(part):
            yield from walk(value, (*path, index))
