"""The chain: holds the records of one stream against each other, at a glance where that is enough, and else exactly.

Nearly all records are seen to hold at a glance: what must stand around the facts is compared as text, and the facts
with the shapes that were seen to be canonical before. Whatever does not is taken apart and put together anew.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from storage.payloads import Place, payload, quoted
from storage.shapes import Shapes

GENESIS: Final = "0" * 64  # what the first record of a stream follows
READ: Final = ("sequence", "payload", "previous", "hash", "at", "actor", "kind", "phase")
UNREADABLE: Final = (ValueError, TypeError, AttributeError)  # what a glance raises at what is no text, or no payload
_MOST: Final = 1024  # texts that are kept in their quoted form; a hostile ledger must not fill the memory


@dataclass(frozen=True)
class Broken:
    """The first record at which a stream does not hold, and why."""

    stream: str
    sequence: int
    why: str


class Record(NamedTuple):
    """One row of the ledger, in the order of READ."""

    sequence: int
    payload: bytes
    previous: str
    hash: str
    at: str
    actor: str
    kind: str
    phase: str


class _Fronts(dict[str, str]):
    """By actor: what a payload begins with."""

    def __missing__(self, actor: str) -> str:
        if len(self) >= _MOST:
            self.clear()
        made = self[actor] = f'{{"actor":{quoted(actor)},"at":'
        return made


class _Backs(dict[tuple[str, str], str]):
    """By kind and phase: what follows the facts."""

    def __missing__(self, said: tuple[str, str]) -> str:
        if len(self) >= _MOST:
            self.clear()
        kind, phase = said
        made = self[said] = f',"kind":{quoted(kind)},"phase":{quoted(phase)},"previous":"'
        return made


class Chain:
    """How far one stream was seen to hold: up to the record at `place`, which has the hash `previous`."""

    def __init__(self, stream: str, place: int = 0, previous: str = GENESIS) -> None:
        self._stream = stream
        self.place = place
        self.previous = previous

    def glance(self, records: Iterable[Any]) -> Broken | None:
        """What comes after that place; rows in the order of READ. Raises UNREADABLE for what is not even text."""
        place, previous, shapes, fronts, backs = self.place, self.previous, Shapes(), _Fronts(), _Backs()
        tail = f',"stream":{quoted(self._stream)}}}'
        for place, record in enumerate(records, place + 1):  # noqa: B020 - the same count, gone on with
            sequence, body, prior, digest, at, actor, kind, phase = record
            text = body.decode()
            front = f'{fronts[actor]}{encode_basestring(at)},"facts":'
            back = f'{backs[kind, phase]}{previous}","sequence":{place}{tail}'
            if not (
                sequence == place
                and prior == previous
                and sha256(body).hexdigest() == digest
                and text.startswith(front)
                and text.endswith(back)
                and shapes[kind](text, len(front), len(text) - len(back))
            ):
                why = _wrong(self._stream, place, previous, Record(*record))
                if why:
                    return Broken(self._stream, place, why)
                shapes.learn(kind, text[len(front) : len(text) - len(back)])
            previous = digest
        self.place, self.previous = place, previous
        return None

    def walk(self, records: Iterable[Record]) -> Broken | None:
        """The same, every record taken apart."""
        for place, record in enumerate(records, self.place + 1):
            why = _wrong(self._stream, place, self.previous, record)
            if why:
                return Broken(self._stream, place, why)
            self.place, self.previous = place, record.hash
        return None

    def ended(self, head: str | None, count: int | None) -> Broken | None:
        """Whether this is all, and ends where it was witnessed to end."""
        if head is not None and head != self.previous:
            return Broken(self._stream, self.place + 1, "the newest record is not the one that was witnessed")
        if count is not None and count != self.place:
            return Broken(self._stream, self.place + 1, "a record stands under a name that only looks like this one")
        return None


def _wrong(stream: str, place: int, previous: str, record: Record) -> str:
    if record.sequence != place:
        return "a record is missing"
    if record.previous != previous:
        return "the record does not follow the one before"
    if sha256(record.payload).hexdigest() != record.hash:
        return "the payload does not have this hash"
    said = Place(stream, place, previous, record.at, record.actor, record.kind, record.phase)
    try:
        same = payload(said, json.loads(record.payload)["facts"]) == record.payload
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "the payload cannot be read"
    return "" if same else "the columns differ from the payload"
