"""Archives: all that is kept of one rollout, for its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ports.rollouts import Snapshot


@dataclass(frozen=True)
class Record:
    """A ledger record as it stands in the database, byte for byte."""

    sequence: int
    previous: str
    hash: str
    payload: bytes


@dataclass(frozen=True)
class Sample:
    """One reading that was taken for a gate; `value` is JSON text."""

    phase: str
    attempt: int
    gate: str
    at: datetime
    outcome: str
    value: str
    samples: int | None
    source: str
    trouble: str
    says: str


@dataclass(frozen=True)
class Told:
    """A message that Slack has: the channel's id and its `ts` lead to it."""

    key: str
    topic: str
    place: str
    phase: str
    channel: str
    ts: str


@dataclass(frozen=True)
class Archived:
    """Everything that is kept of one rollout, read in one transaction; `plan` and `copies` are canonical bytes.

    `copies` holds, by digest, every resolved phase that the rollout ever proposed.
    """

    snapshot: Snapshot
    plan: bytes
    copies: Mapping[str, bytes]
    records: tuple[Record, ...]
    samples: tuple[Sample, ...]
    told: tuple[Told, ...]


class Archive(Protocol):
    """All of one rollout, for its evidence; closed rollouts too."""

    async def of(self, rollout: str) -> Archived | None: ...
