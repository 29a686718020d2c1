"""The ledger: what happened, in order, each record holding the hash of the one before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.domain.entries import Entry, Happened
from bot.ports import Chained, Clock
from storage.database import Database
from storage.lease import Fence
from storage.moments import read, written
from storage.payloads import Place, plain, quoted, said
from storage.session import Session
from storage.statements import Statement
from storage.tables import LedgerRow
from storage.verification import GENESIS, Broken, verify, verify_all

__all__ = ["HOUSE", "Ledger", "append", "plain", "stream_of"]

HOUSE: Final = "house"
MARKS: Final = {"sqlite": "?", "postgresql": "%s"}  # how each driver marks a parameter
COLUMNS: Final = (*Place._fields, "hash", "payload")
_ALL: Final = 2**53 - 1  # a limit that is none

# The driver's own statements: a record costs some ten microseconds, and a built statement as much again.
_NEWEST: Final = {
    kind: f"SELECT sequence, hash FROM ledger WHERE stream = {mark} ORDER BY sequence DESC LIMIT 1"  # noqa: S608 - constants of ours
    for kind, mark in MARKS.items()
}
_INSERT: Final = {
    kind: f"INSERT INTO ledger ({', '.join(COLUMNS)}) VALUES ({', '.join([mark] * len(COLUMNS))})"  # noqa: S608 - likewise
    for kind, mark in MARKS.items()
}
_NEWEST_FIRST: Final = Statement(
    lambda _: (
        select(*(getattr(LedgerRow, name) for name in ("sequence", "at", "kind", "actor", "phase", "payload", "hash")))
        .where(col(LedgerRow.stream) == bindparam("stream"))
        .order_by(col(LedgerRow.sequence).desc())
        .limit(bindparam("last"))
    )
)
_STREAMS: Final = Statement(lambda _: select(LedgerRow.stream).distinct().order_by(LedgerRow.stream))


def stream_of(rollout: str) -> str:
    return f"rollout/{rollout}"


def append(session: Session, stream: str, entries: Sequence[Entry], at: datetime) -> str:
    """Chain these entries in the transaction of the session; answers the stream's new head, "" without entries."""
    if not entries:
        return ""
    cursor = session.driver.cursor()
    sequence, previous = cursor.execute(_NEWEST[session.kind], (stream,)).fetchone() or (0, GENESIS)
    moment = written(at)
    # `payload` does the same for one record; what many have in common is said once here.
    at_and_facts, end = f',"at":{encode_basestring(moment)},"facts":', f',"stream":{quoted(stream)}}}'
    records = []
    for sequence, entry in enumerate(entries, sequence + 1):  # noqa: B020 - the same count, gone on with
        actor, kind, phase = entry.actor, str(entry.kind), entry.phase
        body = (
            f'{{"actor":{quoted(actor)}{at_and_facts}{said(entry.facts)},"kind":{quoted(kind)},"phase":{quoted(phase)}'
            f',"previous":{encode_basestring(previous)},"sequence":{sequence}{end}'
        ).encode()
        digest = sha256(body).hexdigest()
        records.append((stream, sequence, previous, moment, actor, kind, phase, digest, body))
        previous = digest
    # In the order of the list; the trigger refuses any other.
    if len(records) == 1:
        cursor.execute(_INSERT[session.kind], records[0])
    else:
        cursor.executemany(_INSERT[session.kind], records)
    cursor.close()
    return previous


@dataclass(frozen=True)
class Ledger:
    """Reads and verifies the streams; writes those that belong to no rollout."""

    database: Database
    clock: Clock
    lease: Fence

    async def entries(self, stream: str, *, last: int | None = None) -> tuple[Chained, ...]:
        """The entries of a stream in their order; with `last`, only the newest so many."""

        def work(session: Session) -> tuple[Chained, ...]:
            rows = _NEWEST_FIRST.rows(session, stream=stream, last=_ALL if last is None else last)
            return tuple(_chained(*row) for row in reversed(rows))

        return await self.database.read(work)

    async def append(self, stream: str, entries: Sequence[Entry]) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            append(session, stream, entries, self.clock.now())

        await self.database.write(work)

    async def streams(self) -> tuple[str, ...]:
        return await self.database.read(lambda session: tuple(name for (name,) in _STREAMS.rows(session)))

    async def verify(self, stream: str, *, head: str | None = None) -> Broken | None:
        """The first bad record of a stream, None when it holds.

        A cut tail leaves a whole chain: only a witnessed `head` (the hash of the newest record) tells.
        """
        return await self.database.read(lambda session: verify(session, stream, head))

    async def verify_all(self) -> tuple[Broken, ...]:
        """The first bad record of every stream that does not hold; empty when all do."""
        return await self.database.read(verify_all)


def _chained(sequence: int, at: str, kind: str, actor: str, phase: str, payload: bytes, head: str) -> Chained:
    facts = json.loads(payload)["facts"]
    return Chained(sequence, read(at), Entry(Happened(kind), actor, phase, facts), head)
