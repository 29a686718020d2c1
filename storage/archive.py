"""The archive: everything that is kept of one rollout, byte for byte, in one reading."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlmodel import col

from bot.ports import Archived, Record, Sample, Snapshot, Told
from storage.codec import POST
from storage.copies import copy_of
from storage.database import Database
from storage.ledger import stream_of
from storage.moments import read
from storage.outbox import CHANNEL
from storage.rollouts import RolloutStore
from storage.session import Session
from storage.statements import Statement
from storage.tables import LedgerRow, OutboxRow, RolloutRow, SampleRow

_RECORDS: Final = Statement(
    lambda _: (
        select(*(getattr(LedgerRow, name) for name in ("sequence", "previous", "hash", "payload")))
        .where(col(LedgerRow.stream) == bindparam("stream"))
        .order_by(col(LedgerRow.sequence))
    )
)
_SAMPLED: Final = (*("phase", "attempt", "gate", "at", "outcome", "value", "samples", "source", "trouble", "says"),)
_SAMPLES: Final = Statement(
    lambda _: (
        select(*(getattr(SampleRow, name) for name in _SAMPLED))
        .where(col(SampleRow.rollout) == bindparam("rollout"))
        .order_by(col(SampleRow.id))
    )
)
_SENT: Final = ("key", "topic", "body", "sent_to", "ts")
_TOLD: Final = Statement(
    lambda _: (
        select(*(getattr(OutboxRow, name) for name in _SENT), CHANNEL.label("channel"))
        .select_from(OutboxRow)
        .join(RolloutRow, col(OutboxRow.rollout) == col(RolloutRow.name), isouter=True)
        .where(col(OutboxRow.rollout) == bindparam("rollout"), col(OutboxRow.ts) != "")
        .order_by(col(OutboxRow.id))
    )
)


@dataclass(frozen=True)
class Archive:
    """The archive, as `bot.ports.Archive` promises it."""

    database: Database
    rollouts: RolloutStore

    async def of(self, rollout: str) -> Archived | None:
        return await self.database.read(lambda session: self._read(session, rollout))

    def _read(self, session: Session, name: str) -> Archived | None:
        found = self.rollouts.find(session, name)
        if found is None:
            return None
        snapshot, plan_digest = found
        records = tuple(Record(*row) for row in _RECORDS.rows(session, stream=stream_of(name)))
        kept = {digest: copy_of(session, digest) for digest in _digests(records, snapshot)}
        return Archived(
            snapshot,
            copy_of(session, plan_digest) or b"",
            {digest: body for digest, body in kept.items() if body is not None},
            records,
            tuple(_sample(*row) for row in _SAMPLES.rows(session, rollout=name)),
            tuple(_told(*row) for row in _TOLD.rows(session, rollout=name)),
        )


def _digests(records: Iterable[Record], snapshot: Snapshot) -> list[str]:
    """Of everything that was ever proposed: each digest that a record names, and those of today's phases."""
    named = (json.loads(record.payload)["facts"].get("digest") for record in records)
    runs = (run.digest for run in snapshot.rollout.phases)
    return sorted({digest for digest in (*named, *runs) if isinstance(digest, str) and digest})


def _sample(phase: str, attempt: int, gate: str, at: str, *rest: Any) -> Sample:  # noqa: ANN401 - a row of the driver's
    return Sample(phase, attempt, gate, read(at), *rest)


def _told(key: str, topic: str, body: bytes, sent_to: str, ts: str, channel: str) -> Told:
    post = POST.value(body)
    return Told(key, topic, post.place.value, post.phase, sent_to or channel, ts)
