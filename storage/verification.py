"""Verification: reads a stream of the ledger as bare bytes and says where it does not hold."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import rfc8785
from sqlalchemy import LargeBinary, cast, select
from sqlmodel import Session, col

from storage.tables import LedgerRow

GENESIS: Final = "0" * 64  # what the first record of a stream follows


@dataclass(frozen=True)
class Broken:
    """The first record at which a stream does not hold, and why."""

    stream: str
    sequence: int
    why: str


def verify_all(session: Session) -> tuple[Broken, ...]:
    """The first bad record of every stream that does not hold."""
    names = session.connection().execute(select(cast(col(LedgerRow.stream), LargeBinary)).distinct())
    found = (_verify_named(session, raw) for (raw,) in names.all())
    return tuple(each for each in found if each is not None)


def _verify_named(session: Session, raw: bytes) -> Broken | None:
    try:
        return verify(session, raw.decode(), None)
    except UnicodeDecodeError:
        return Broken(raw.decode(errors="replace"), 1, "the stream's name cannot be read")


def _records(session: Session, stream: str) -> Iterator["_Record"]:
    """The stream's rows as bare bytes: a record that was touched may hold anything, even text that is none."""
    texts = (cast(column, LargeBinary) for column in _TEXTS)
    rows = session.connection().execute(
        select(col(LedgerRow.sequence), col(LedgerRow.payload), *texts)
        .where(col(LedgerRow.stream) == stream)
        .order_by(col(LedgerRow.sequence))
    )
    for sequence, payload, *columns in rows:
        yield _Record(sequence, payload, *(column.decode(errors="replace") for column in columns))


class _Record(NamedTuple):
    sequence: int
    payload: bytes
    previous: str
    hash: str
    at: str
    actor: str
    kind: str
    phase: str


_TEXTS: Final = tuple(getattr(LedgerRow, name) for name in _Record._fields[2:])


def verify(session: Session, stream: str, head: str | None) -> Broken | None:
    place, previous = 0, GENESIS
    for place, record in enumerate(_records(session, stream), 1):
        why = _wrong(stream, place, previous, record)
        if why:
            return Broken(stream, place, why)
        previous = record.hash
    if head is not None and head != previous:
        return Broken(stream, place + 1, "the newest record is not the one that was witnessed")
    return None


def _wrong(stream: str, place: int, previous: str, record: _Record) -> str:
    if record.sequence != place:
        return "a record is missing"
    if record.previous != previous:
        return "the record does not follow the one before"
    if hashlib.sha256(record.payload).hexdigest() != record.hash:
        return "the payload does not have this hash"
    said = {name: getattr(record, name) for name in ("sequence", "previous", "at", "actor", "kind", "phase")}
    try:
        facts = json.loads(record.payload)["facts"]
        same = rfc8785.dumps({"stream": stream, **said, "facts": facts}) == record.payload
    except (ValueError, LookupError, TypeError):
        return "the payload cannot be read"
    return "" if same else "the columns differ from the payload"
