"""Verification: reads a stream of the ledger byte for byte and says where it does not hold.

A record holds when it is the next one, follows the one before, has the hash of its payload, and the payload is the
canonical JSON of exactly its columns and facts. Nearly all records are seen to hold at a glance: what must stand
around the facts is compared as text, and the facts with the shapes that were seen to be canonical before. Whatever
does not is taken apart and put together anew.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from storage.payloads import Place, payload, quoted
from storage.session import Session
from storage.shapes import Shapes

GENESIS: Final = "0" * 64  # what the first record of a stream follows

_TEXTS: Final = ("previous", "hash", "at", "actor", "kind", "phase")
_FROM: Final = {
    "sqlite": "FROM ledger WHERE stream = ? ORDER BY sequence",
    "postgresql": "FROM ledger WHERE stream = %s ORDER BY sequence",
}
# A record that was touched may hold anything, even text that is none.
_RAW: Final = {"sqlite": "CAST({} AS BLOB)", "postgresql": "convert_to({}, 'UTF8')"}
_BODY: Final = {"sqlite": "CAST(payload AS BLOB)", "postgresql": "payload"}


@dataclass(frozen=True)
class Broken:
    """The first record at which a stream does not hold, and why."""

    stream: str
    sequence: int
    why: str


class _Record(NamedTuple):
    sequence: int
    payload: bytes
    previous: str
    hash: str
    at: str
    actor: str
    kind: str
    phase: str


def verify_all(session: Session) -> tuple[Broken, ...]:
    """The first bad record of every stream that does not hold."""
    name = _RAW[session.kind].format("stream")
    # Grouped by the bare column, which is indexed; two names may still be the same bytes, one of them no text.
    counted = f"SELECT {name}, n FROM (SELECT stream, count(*) AS n FROM ledger GROUP BY stream) AS each_stream"  # noqa: S608 - constants of ours
    counts: Counter[bytes] = Counter()
    with closing(session.driver.cursor()) as cursor:
        for raw, count in cursor.execute(counted):
            counts[raw] += count
    found = (_verify_named(session, raw, counts[raw]) for raw in sorted(counts))
    return tuple(each for each in found if each is not None)


def _verify_named(session: Session, raw: bytes, count: int) -> Broken | None:
    try:
        stream = raw.decode()
    except UnicodeDecodeError:
        return Broken(raw.decode(errors="replace"), 1, "the stream's name cannot be read")
    return verify(session, stream, None, count=count)


def verify(session: Session, stream: str, head: str | None, *, count: int | None = None) -> Broken | None:
    """Hold the stream against itself, the head that was witnessed, and the number of its records."""
    chain = _Chain(stream)
    try:
        with closing(_records(session, stream, "payload", "{}")) as records:
            broken = chain.glance(records)
    except (sqlite3.OperationalError, ValueError, TypeError, AttributeError):
        # Something is there that is no text, or bytes that are no payload: look again and say which record it is.
        chain = _Chain(stream)
        with closing(_records(session, stream, _BODY[session.kind], _RAW[session.kind])) as records:
            broken = chain.walk(_Record(each[0], each[1] or b"", *map(_text, each[2:])) for each in records)
    return broken or chain.ended(head, count)


def _records(session: Session, stream: str, body: str, shown: str) -> Generator[Any, None, None]:
    columns = ", ".join((body, *(shown.format(name) for name in _TEXTS)))
    # PostgreSQL would hand over the whole stream at once, were it not asked by a named cursor.
    named = {"name": "ledger"} if session.kind == "postgresql" else {}
    with closing(session.driver.cursor(**named)) as cursor:
        yield from cursor.execute(f"SELECT sequence, {columns} {_FROM[session.kind]}", (stream,))


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")


class _Chain:
    """How far one stream was seen to hold."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._place = 0
        self._previous = GENESIS

    def glance(self, records: Iterable[Any]) -> Broken | None:
        place, previous, shapes = 0, GENESIS, Shapes()
        tail = f',"stream":{quoted(self._stream)}}}'
        for place, record in enumerate(records, 1):
            sequence, body, prior, digest, at, actor, kind, phase = record
            text = body.decode()
            front = f'{{"actor":{quoted(actor)},"at":{encode_basestring(at)},"facts":'
            back = f',"kind":{quoted(kind)},"phase":{quoted(phase)},"previous":"{previous}","sequence":{place}{tail}'
            end = len(text) - len(back)
            if not (
                sequence == place
                and prior == previous
                and sha256(body).hexdigest() == digest
                and text.startswith(front)
                and text.endswith(back)
                and shapes[kind](text, len(front), end)
            ):
                why = _wrong(self._stream, place, previous, _Record(*record))
                if why:
                    return Broken(self._stream, place, why)
                shapes.learn(kind, text[len(front) : end])
            previous = digest
        self._place, self._previous = place, previous
        return None

    def walk(self, records: Iterable[_Record]) -> Broken | None:
        """The same, every record taken apart."""
        for place, record in enumerate(records, 1):
            why = _wrong(self._stream, place, self._previous, record)
            if why:
                return Broken(self._stream, place, why)
            self._place, self._previous = place, record.hash
        return None

    def ended(self, head: str | None, count: int | None) -> Broken | None:
        if head is not None and head != self._previous:
            return Broken(self._stream, self._place + 1, "the newest record is not the one that was witnessed")
        if count is not None and count != self._place:
            return Broken(self._stream, self._place + 1, "a record stands under a name that only looks like this one")
        return None


def _wrong(stream: str, place: int, previous: str, record: _Record) -> str:
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
