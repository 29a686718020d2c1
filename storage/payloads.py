"""Payloads: the canonical bytes of a ledger record, which its hash is over; RFC 8785, and fast where that is simple."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

import rfc8785

from bot.domain.entries import Fact

_EXACT: Final = 2**53 - 1  # RFC 8785 knows no larger integers


class Place(NamedTuple):
    """What a payload says beside its facts, all of it plain text but the sequence."""

    stream: str
    sequence: int
    previous: str
    at: str
    actor: str
    kind: str
    phase: str


def payload(place: Place, facts: Mapping[str, Fact]) -> bytes:
    """The record as RFC 8785 bytes. What canonical JSON has no number for is kept as text, see `plain`."""
    stream, sequence, previous, at, actor, kind, phase = place
    return (
        f'{{"actor":{quoted(actor)},"at":{encode_basestring(at)},"facts":{said(facts)},"kind":{quoted(kind)},'
        f'"phase":{quoted(phase)},"previous":{encode_basestring(previous)},"sequence":{sequence},'
        f'"stream":{quoted(stream)}}}'
    ).encode()


def said(facts: Mapping[str, Fact]) -> str:
    """The facts alone, in their canonical form."""
    try:
        names, template = _form(tuple(facts))
        return template % tuple([_SAID[type(fact := facts[name])](fact) for name in names])
    except LookupError:
        # Only the library can say it.
        return rfc8785.dumps({name: plain(fact) for name, fact in facts.items()}).decode()


def plain(fact: Fact) -> Fact:
    """What canonical JSON has no number for is kept as text: NaN, infinities, integers beyond 2^53."""
    if isinstance(fact, float) and not math.isfinite(fact):
        return str(fact)
    if isinstance(fact, int) and not isinstance(fact, bool) and abs(fact) > _EXACT:
        return str(fact)
    return fact


@lru_cache(1024)
def quoted(text: str) -> str:
    """A text as JSON; for those that come again and again."""
    return encode_basestring(text)


@lru_cache(1024)
def _form(names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """In which order facts of these names are said, and what stands around them; LookupError for other than ASCII."""
    # RFC 8785 sorts by UTF-16 code units, Python by code points: among ASCII these are one order.
    if not all(name.isascii() for name in names):
        raise LookupError(names)
    order = tuple(sorted(names))
    pairs = (f"{encode_basestring(name).replace('%', '%%')}:%s" for name in order)
    return order, f"{{{','.join(pairs)}}}"


def _number(fact: int) -> str:
    if -_EXACT <= fact <= _EXACT:
        return repr(fact)
    raise LookupError(fact)


# By exact type: whatever is not here, a float or somebody's kind of str, is left to the library.
_SAID: Final[Mapping[type, Callable[[Any], str]]] = {
    str: encode_basestring,
    int: _number,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
}
