"""The ledger: what happened, in order, each record holding the hash of the one before."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import rfc8785
from sqlmodel import Session, col, insert, select

from bot.domain.entries import Entry, Fact, Happened
from bot.ports import Chained, Clock
from storage.database import Database
from storage.lease import Fence
from storage.moments import written
from storage.tables import LedgerRow
from storage.verification import GENESIS, Broken, verify, verify_all

HOUSE: Final = "house"
_EXACT: Final = 2**53 - 1  # RFC 8785 knows no larger integers


def stream_of(rollout: str) -> str:
    return f"rollout/{rollout}"


def append(session: Session, stream: str, entries: Sequence[Entry], at: datetime) -> str:
    """Chain these entries in the transaction of the session; answers the stream's new head, "" without entries."""
    if not entries:
        return ""
    newest = session.exec(
        select(LedgerRow.sequence, LedgerRow.hash)
        .where(LedgerRow.stream == stream)
        .order_by(col(LedgerRow.sequence).desc())
        .limit(1)
    ).first()
    sequence, previous = newest or (0, GENESIS)
    records = []
    for entry in entries:
        sequence += 1
        record = _record(stream, sequence, previous, at, entry)
        records.append(record)
        previous = str(record["hash"])
    # Core keeps the order of the list; the trigger refuses any other.
    session.connection().execute(insert(LedgerRow), records)
    return previous


def _record(stream: str, sequence: int, previous: str, at: datetime, entry: Entry) -> dict[str, object]:
    payload = rfc8785.dumps(
        {
            "stream": stream,
            "sequence": sequence,
            "previous": previous,
            "at": written(at),
            "actor": entry.actor,
            "kind": entry.kind.value,
            "phase": entry.phase,
            "facts": {name: _plain(fact) for name, fact in entry.facts.items()},
        }
    )
    return {
        "stream": stream,
        "sequence": sequence,
        "previous": previous,
        "hash": hashlib.sha256(payload).hexdigest(),
        "at": at,
        "actor": entry.actor,
        "kind": entry.kind.value,
        "phase": entry.phase,
        "payload": payload,
    }


def _plain(fact: Fact) -> Fact:
    """What canonical JSON has no number for is kept as text: NaN, infinities, integers beyond 2^53."""
    if isinstance(fact, float) and not math.isfinite(fact):
        return str(fact)
    if isinstance(fact, int) and not isinstance(fact, bool) and abs(fact) > _EXACT:
        return str(fact)
    return fact


@dataclass(frozen=True)
class Ledger:
    """Reads and verifies the streams; writes those that belong to no rollout."""

    database: Database
    clock: Clock
    lease: Fence

    async def entries(self, stream: str, *, last: int | None = None) -> tuple[Chained, ...]:
        """The entries of a stream in their order; with `last`, only the newest so many."""

        def work(session: Session) -> tuple[Chained, ...]:
            newest_first = select(LedgerRow).where(LedgerRow.stream == stream).order_by(col(LedgerRow.sequence).desc())
            rows = session.exec(newest_first if last is None else newest_first.limit(last)).all()
            return tuple(_chained(row) for row in reversed(rows))

        return await self.database.read(work)

    async def append(self, stream: str, entries: Sequence[Entry]) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            append(session, stream, entries, self.clock.now())

        await self.database.write(work)

    async def streams(self) -> tuple[str, ...]:
        def work(session: Session) -> tuple[str, ...]:
            return tuple(session.exec(select(LedgerRow.stream).distinct().order_by(LedgerRow.stream)).all())

        return await self.database.read(work)

    async def verify(self, stream: str, *, head: str | None = None) -> Broken | None:
        """The first bad record of a stream, None when it holds.

        A cut tail leaves a whole chain: only a witnessed `head` (the hash of the newest record) tells.
        """
        return await self.database.read(lambda session: verify(session, stream, head))

    async def verify_all(self) -> tuple[Broken, ...]:
        """The first bad record of every stream that does not hold; empty when all do."""
        return await self.database.read(verify_all)


def _chained(row: LedgerRow) -> Chained:
    facts = json.loads(row.payload)["facts"]
    return Chained(row.sequence, row.at, Entry(Happened(row.kind), row.actor, row.phase, facts), row.hash)
