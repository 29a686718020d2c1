"""Hiding: finds what is secret in a plan and its phases, and writes the bundle's texts without it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.domain.masking import MASK, masked_argv, named_secret, secrets_in, secrets_of_argv, spreads, without

_LINE: Final = re.compile(r"^([ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*)(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Hidden:
    """The secrets that are so peculiar that they are looked for everywhere."""

    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, trees: Iterable[object]) -> "Hidden":
        found = {value.strip().strip("'\"") for tree in trees for value in _secrets(tree)}
        return cls(tuple(sorted(value for value in found if spreads(value))))

    def masked(self, tree: object) -> object:
        """The same JSON with every secret masked; equal where there is none."""
        if isinstance(tree, dict):
            return {self.text(key): self._value(key, each) for key, each in tree.items()}
        if isinstance(tree, list):
            texts = all(isinstance(each, str) for each in tree)
            return [self.masked(each) for each in (masked_argv(tree) if texts else tree)]
        return self._lines(tree) if isinstance(tree, str) else tree

    def _value(self, key: str, value: object) -> object:
        if isinstance(value, str):
            return MASK if named_secret(key, value) else self._lines(value)
        return self.masked(value)

    def _lines(self, text: str) -> str:
        """The text of an env file, or any other: values whose keys say that they are secret are masked."""
        lined = _LINE.sub(lambda line: line[1] + (MASK if named_secret(line[2], _bare(line[3])) else line[3]), text)
        return self.text(lined)

    def text(self, text: str) -> str:
        """A text without the known secrets and those that show by their shape."""
        return without(text, (*self._forms(), *secrets_in(text)))

    def holds(self, payload: str) -> bool:
        """Whether a text that may not be changed holds a secret."""
        return any(each in payload for each in self._forms()) or any(secrets_in(payload))

    def _forms(self) -> Iterator[str]:
        for value in self.values:
            yield value
            yield json.dumps(value)[1:-1]
            yield json.dumps(value, ensure_ascii=False)[1:-1]


def _secrets(tree: object) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if isinstance(value, str) and named_secret(str(key), value):
                yield value
            yield from _secrets(value)
    elif isinstance(tree, list):
        if all(isinstance(each, str) for each in tree):
            yield from secrets_of_argv(tree)
        for each in tree:
            yield from _secrets(each)
    elif isinstance(tree, str):
        yield from secrets_in(tree)
        yield from (_bare(line[3]) for line in _LINE.finditer(tree) if named_secret(line[2], _bare(line[3])))


def _bare(value: str) -> str:
    return value.strip().strip("'\"")


def readable(raw: bytes) -> Any:  # noqa: ANN401 - whatever a plan holds
    return json.loads(raw)
