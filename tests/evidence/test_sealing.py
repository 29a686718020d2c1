"""Sealing: kept, recorded in the house's stream, handed to the thread; what goes wrong is said."""

import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest

from bot.domain.entries import Happened
from bot.domain.refusals import Refusal
from bot.evidence.keeping import Shelf
from bot.evidence.sealing import IDENTITY, Sealer
from bot.evidence.verifying import unpacked, verify
from bot.ports import Busy
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.kept import RehearsalKept
from bot.workflows.evidence import Sealed
from tests.evidence.conftest import WORKSPACE
from tests.evidence.forging import rows


@dataclass
class Chronicle:
    """The house's stream in memory; `trouble` is met by the next entry."""

    said: list = field(default_factory=list)
    trouble: Exception | None = None

    async def append(self, stream, entries):
        if self.trouble:
            raise self.trouble
        self.said += [(stream, each) for each in entries]


@dataclass
class Courier:
    """Slack's side; `no` is what it answers."""

    no: str = ""
    handed: list = field(default_factory=list)

    async def hand(self, channel, thread, name, raw, words):
        self.handed.append((channel, thread, name, raw, words))
        return self.no


class Archive:
    def __init__(self, archived):
        self.archived = archived
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def of(self, rollout):
        self.asked.set()
        await self.go_on.wait()
        return self.archived if rollout == self.archived.snapshot.rollout.name else None


class Place:
    def __init__(self, archived, root):
        self.archive, self.kept, self.chronicle, self.courier = (
            Archive(archived),
            RehearsalKept(),
            Chronicle(),
            Courier(),
        )
        self.clock, self.root = RehearsalClock(), root
        self.sealer = Sealer(self.archive, self.kept, self.chronicle, self.clock, Shelf(root), self.courier)

    def kept_files(self):
        return sorted(path.relative_to(self.root) for path in self.root.rglob("*.zip"))


@pytest.fixture
async def place(archived, tmp_path):
    made = Place(archived, tmp_path / "artifacts")
    await made.kept.put(IDENTITY, json.dumps({"team_id": "T1", "url": WORKSPACE}))
    return made


async def test_it_is_kept_recorded_and_handed_over(place, sealed):
    done = await place.sealer.seal("gitguard-1", "U0DANA")
    assert isinstance(done, Sealed)
    assert (done.sha256, done.head, done.trouble) == (sealed.sha256, sealed.head, "")
    assert (place.root / done.path).read_bytes() == sealed.raw
    ((channel, thread, name, raw, words),) = place.courier.handed
    assert (channel, name, raw) == ("C0ROLLOUT", "gitguard-1.zip", sealed.raw)
    assert thread == next(row["ts"] for row in rows(unpacked(raw), "messages.jsonl") if row["place"] == "card")
    assert sealed.head in words
    assert sealed.sha256 in words
    ((stream, entry),) = place.chronicle.said
    assert (stream, entry.kind, entry.actor) == ("house", Happened.EVIDENCE_SEALED, "U0DANA")
    assert entry.facts == {
        "rollout": "gitguard-1",
        "head": sealed.head,
        "records": 77,
        "sha256": sealed.sha256,
        "size": len(sealed.raw),
        "path": done.path,
    }


async def test_without_an_identity_there_are_no_permalinks_and_it_is_sound_all_the_same(archived, tmp_path):
    for text in (None, "nonsense", "[]", '{"url":7}'):
        place = Place(archived, tmp_path)
        if text:
            await place.kept.put(IDENTITY, text)
        done = await place.sealer.seal("gitguard-1", "U0DANA")
        files = unpacked((place.root / done.path).read_bytes())
        assert {row["permalink"] for row in rows(files, "messages.jsonl")} == {""}


async def test_sealing_changes_no_later_bundle(place):
    first = await place.sealer.seal("gitguard-1", "U0DANA")
    second = await place.sealer.seal("gitguard-1", "U0OMAR")
    assert first.sha256 == second.sha256
    assert first.path != second.path
    assert len(place.kept_files()) == 2


async def test_what_has_not_changed_is_not_kept_twice_on_asking_again(place):
    first = await place.sealer.seal("gitguard-1", "U0DANA", again=False)
    second = await place.sealer.seal("gitguard-1", "U0STAN", again=False)
    assert second.path == first.path
    assert "Nothing has changed since" in second.trouble
    assert len(place.kept_files()) == len(place.courier.handed) == len(place.chronicle.said) == 1


async def test_one_at_a_time(place):
    place.archive.go_on.clear()
    first = asyncio.create_task(place.sealer.seal("gitguard-1", "U0DANA"))
    await place.archive.asked.wait()
    second = await place.sealer.seal("gitguard-1", "U0STAN")
    assert isinstance(second, Refusal)
    assert second.code == "sealing"
    place.archive.go_on.set()
    assert isinstance(await first, Sealed)
    assert isinstance(await place.sealer.seal("gitguard-1", "U0STAN"), Sealed)


async def test_an_unknown_rollout_is_refused(place):
    done = await place.sealer.seal("gitguard-9", "U0DANA")
    assert isinstance(done, Refusal)
    assert done.code == "unknown-rollout"


async def test_a_refused_upload_leaves_the_stores_copy_and_says_so(place, sealed):
    place.courier.no = "file_uploads_disabled"
    done = await place.sealer.seal("gitguard-1", "U0DANA")
    assert "file_uploads_disabled" in done.trouble
    assert "the one on the host stands" in done.trouble
    assert verify((place.root / done.path).read_bytes())["head"] == sealed.head


async def test_a_busy_store_loses_no_bundle_and_is_said(place):
    place.chronicle.trouble = Busy("the disk is slow")
    done = await place.sealer.seal("gitguard-1", "U0DANA")
    assert "not in the house's ledger" in done.trouble
    assert len(place.kept_files()) == 1


async def test_without_a_card_it_is_said_that_no_copy_went_out(archived, tmp_path):
    place = Place(replace(archived, told=()), tmp_path)
    done = await place.sealer.seal("gitguard-1", "U0DANA")
    assert "no card in Slack yet" in done.trouble
    assert place.courier.handed == []


async def test_a_ledger_that_does_not_hold_is_not_sealed(archived, tmp_path):
    broken = replace(archived.records[3], payload=archived.records[3].payload.replace(b"staging", b"stag1ng"))
    records = (*archived.records[:3], broken, *archived.records[4:])
    place = Place(replace(archived, records=records), tmp_path)
    done = await place.sealer.seal("gitguard-1", "U0DANA")
    assert isinstance(done, Refusal)
    assert "sequence 4" in done.reason
    assert place.kept_files() == []


async def test_a_disk_that_says_no_is_said(archived, tmp_path):
    (tmp_path / "file").write_text("")
    done = await Place(archived, tmp_path / "file").sealer.seal("gitguard-1", "U0DANA")
    assert isinstance(done, Refusal)
    assert done.code == "not-kept"
