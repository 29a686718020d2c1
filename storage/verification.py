"""Verification: reads a stream of the ledger byte for byte and says where it does not hold.

A record holds when it is the next one, follows the one before, has the hash of its payload, and the payload is the
canonical JSON of exactly its columns and facts; `storage/chain.py` says how that is seen.
"""

import sqlite3
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from typing import Any, Final

from storage import ranges
from storage.chain import GENESIS, READ, UNREADABLE, Broken, Chain, Record
from storage.session import Session

__all__ = ["GENESIS", "Broken", "verify", "verify_all"]

_MARKED: Final = {"sqlite": "?", "postgresql": "%s"}
_FROM: Final = {kind: f"FROM ledger WHERE stream = {mark}" for kind, mark in _MARKED.items()}
# A record that was touched may hold anything, even text that is none.
_RAW: Final = {"sqlite": "CAST({} AS BLOB)", "postgresql": "convert_to({}, 'UTF8')"}
_BODY: Final = {"sqlite": "CAST(payload AS BLOB)", "postgresql": "payload"}


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
    return _verify(session, stream, None, count)


def verify(session: Session, stream: str, head: str | None) -> Broken | None:
    """Hold the stream against itself and the head that was witnessed."""
    counted = session.driver.execute(f"SELECT count(*) {_FROM[session.kind]}", (stream,)).fetchone()
    return _verify(session, stream, head, *counted)


def _verify(session: Session, stream: str, head: str | None, count: int) -> Broken | None:
    last = ranges.held(session.driver, stream, count) if session.kind == "sqlite" else None
    if last is not None:
        return Chain(stream, count, last).ended(head, count)
    chain = Chain(stream)
    try:
        with closing(_records(session, stream, "payload", "{}")) as records:
            broken = chain.glance(records)
    except (sqlite3.OperationalError, *UNREADABLE):
        # Something is there that is no text, or bytes that are no payload: look again and say which record it is.
        chain = Chain(stream)
        with closing(_records(session, stream, _BODY[session.kind], _RAW[session.kind])) as records:
            broken = chain.walk(Record(each[0], each[1] or b"", *map(_text, each[2:])) for each in records)
    return broken or chain.ended(head, count)


def _records(session: Session, stream: str, body: str, shown: str) -> Generator[Any, None, None]:
    columns = ", ".join((READ[0], body, *(shown.format(name) for name in READ[2:])))
    # PostgreSQL would hand over the whole stream at once, were it not asked by a named cursor.
    named = {"name": "ledger"} if session.kind == "postgresql" else {}
    with closing(session.driver.cursor(**named)) as cursor:
        yield from cursor.execute(f"SELECT {columns} {_FROM[session.kind]} ORDER BY sequence", (stream,))


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")
