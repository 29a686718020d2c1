"""The archive's twin: a store in memory that keeps every sample and copy, and hands out all of one rollout."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from bot.domain.board import Standing
from bot.plans.canonical import canonical, digest, plan_bytes
from bot.ports import Archived, Chained, Change, Clock, Record, Sample, Snapshot, Told
from bot.rehearsal.ledger import RehearsalLedger, stream_of
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.rollouts import RehearsalRollouts
from bot.rehearsal.timers import RehearsalTimers

_GENESIS: Final = "0" * 64


class KeepingRollouts(RehearsalRollouts):
    """The store's twin that forgets no sample. Its digests are the real ones, so that copies have them as names."""

    def __init__(self, clock: Clock, timers: RehearsalTimers, outbox: RehearsalOutbox, ledger: RehearsalLedger) -> None:
        super().__init__(clock, timers, outbox, ledger, digest)
        self.samples: dict[str, list[Sample]] = {}

    def _write(self, before: Snapshot, name: str, change: Change) -> None:
        super()._write(before, name, change)
        self.samples.setdefault(name, []).extend(map(_sample, change.standings))


class RehearsalArchive:
    """The promises of Archive over the stores' twins."""

    def __init__(self, rollouts: KeepingRollouts, ledger: RehearsalLedger, outbox: RehearsalOutbox) -> None:
        self._rollouts, self._ledger, self._outbox = rollouts, ledger, outbox
        self.ids = {"#gitguard-rollout": "C0ROLLOUT"}

    async def of(self, rollout: str) -> Archived | None:
        kept = self._rollouts._kept.get(rollout)  # noqa: SLF001 - one memory, seen from two sides
        if kept is None:
            return None
        entries = await self._ledger.entries(stream_of(rollout))
        return Archived(
            snapshot=kept,
            plan=plan_bytes(kept.plan),
            copies={digest(copy): canonical(copy) for copy in kept.copies.values()},
            records=tuple(_records(stream_of(rollout), entries)),
            samples=tuple(self._rollouts.samples.get(rollout, ())),
            told=tuple(self._told(rollout)),
        )

    def _told(self, rollout: str) -> Iterable[Told]:
        rows = (row for row in self._outbox._rows.values() if row.ts and row.post.rollout == rollout)  # noqa: SLF001 - likewise
        for row in rows:
            post, channel = row.post, self.ids.get(row.channel, row.channel)
            yield Told(post.key, post.topic, post.place.value, post.phase, channel, row.ts)


def _sample(standing: Standing) -> Sample:
    verdict, reading = standing.verdict, standing.verdict.reading
    value = json.dumps(reading.value)
    return Sample(
        standing.phase,
        standing.attempt,
        standing.gate,
        reading.at,
        verdict.outcome.value,
        value,
        reading.samples,
        reading.source,
        reading.trouble,
        verdict.says,
    )


def _records(stream: str, entries: Iterable[Chained]) -> Iterable[Record]:
    previous = _GENESIS
    for each in entries:
        said = {
            "stream": stream,
            "sequence": each.sequence,
            "previous": previous,
            "at": _written(each.at),
            "actor": each.entry.actor,
            "kind": each.entry.kind.value,
            "phase": each.entry.phase,
            "facts": each.entry.facts,
        }
        payload = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        made = hashlib.sha256(payload).hexdigest()
        yield Record(each.sequence, previous, made, payload)
        previous = made


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
