"""Shapes: what the facts of a kind look like as canonical JSON, learned from facts that were shown to be canonical."""

import json
import re
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Final

Fit = Callable[[str, int, int], object]  # truthy when the text between two places has a known shape

# Only what RFC 8785 writes in one way: no floats, no integers near 2^53, no escape that has a shorter form.
_BARE: Final = r'[^"\\\x00-\x1f]*+'
_ESCAPE: Final = r'\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))'
# Nearly every text is plain ASCII, so that is tried first.
_TEXT: Final = rf'"[ !#-\[\]-~]*+(?:"|{_BARE}(?:{_ESCAPE}{_BARE})*+")'
_VALUE: Final = rf"(?:{_TEXT}|-?[1-9][0-9]{{0,14}}+|0|true|false|null)"
_PLAIN: Final = (str, int, bool, type(None))
_MOST: Final = 16  # shapes of one kind, and as many kinds squared: a hostile ledger must not fill the memory
_NOTHING: Final[Fit] = re.compile(r"(?!)").fullmatch


class Shapes(dict[str, Fit]):
    """By kind of record: whether a text is such facts. A text that fits is canonical; one that does not may be."""

    def __init__(self) -> None:
        super().__init__()
        self._tried: dict[str, set[str]] = {}
        self._known: dict[str, list[str]] = {}

    def __missing__(self, kind: str) -> Fit:
        return _NOTHING

    def learn(self, kind: str, facts: str) -> None:
        """Take up the shape of facts that are known to be canonical, if it is a simple one."""
        shape = _shape(facts)
        tried = self._tried.setdefault(kind, set()) if len(self._tried) < _MOST**2 else self._tried.get(kind)
        if shape is None or tried is None or shape in tried or len(tried) >= _MOST:
            return
        tried.add(shape)
        if re.fullmatch(shape, facts):
            self._known.setdefault(kind, []).append(shape)
            self[kind] = re.compile("|".join(self._known[kind])).fullmatch


def _shape(facts: str) -> str | None:
    """The keys of these facts in their order, each with any plain value; None when they are not that simple."""
    said = json.loads(facts)
    if not all(name.isascii() and isinstance(value, _PLAIN) for name, value in said.items()):
        return None
    pairs = (f"{re.escape(encode_basestring(name))}:{_VALUE}" for name in said)
    return rf"\{{{','.join(pairs)}\}}"
