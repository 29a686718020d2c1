"""The ledger takes only the next record, keeps every one, and shows where somebody touched it."""

import hashlib
import json
import random
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import rfc8785
from sqlalchemy.exc import IntegrityError

from bot.domain.entries import Happened
from bot.ports import Change
from storage.opened import opened
from storage.triggers import TRIGGERS, TriggersMissing
from storage.verification import GENESIS
from tests.storage.samples import HOUSE_ENTRY, NOW, entry

COLUMNS = ("stream", "sequence", "previous", "hash", "at", "actor", "kind", "phase", "payload")
STREAM = "rollout/gitguard-1"


@pytest.fixture
async def written(memory, name):
    """A stream of eight records, in three changes."""
    for size in (1, 4, 2):
        said = tuple(entry(Happened.VERDICT_CHANGED, number=number, share=0.25, gate="é\n") for number in range(size))
        await memory.rollouts.change(name, lambda seen, said=said: Change(seen.rollout, entries=said))
    return memory


def rows(raw):
    found = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM ledger ORDER BY stream, sequence").fetchall()  # noqa: S608 - our own names
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def insert(raw, row, how="INSERT"):
    raw.execute(f"{how} INTO ledger ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


async def test_each_record_holds_the_hash_of_the_one_before(written, raw):
    previous = GENESIS
    for place, row in enumerate(rows(raw), 1):
        said = json.loads(row["payload"])
        assert (said["sequence"], said["previous"], said["stream"]) == (place, previous, STREAM)
        assert rfc8785.dumps(said) == row["payload"]
        previous = hashlib.sha256(row["payload"]).hexdigest()
        assert row["hash"] == previous
    assert place == 8


async def test_entries_come_back_as_they_were_written(written):
    found = await written.ledger.entries(STREAM)
    assert [each.sequence for each in found] == list(range(1, 9))
    assert found[-1].entry == entry(Happened.VERDICT_CHANGED, number=1, share=0.25, gate="é\n")
    assert found[-1].at == NOW
    assert await written.ledger.entries(STREAM, last=3) == found[-3:]
    assert await written.ledger.entries("rollout/none") == ()


async def test_streams_are_chains_of_their_own(written):
    await written.ledger.append("house", [HOUSE_ENTRY, HOUSE_ENTRY])
    assert [each.sequence for each in await written.ledger.entries("house")] == [1, 2]
    assert await written.ledger.streams() == ("house", STREAM)
    assert await written.ledger.verify("house") is None


@pytest.mark.parametrize("fact", [float("nan"), float("inf"), 2**60, -(2**60)])
async def test_a_fact_that_canonical_json_has_no_number_for_is_kept_as_text(written, fact):
    await written.ledger.append("house", [replace(HOUSE_ENTRY, facts={"fact": fact})])
    (kept,) = await written.ledger.entries("house")
    assert kept.entry.facts == {"fact": str(fact)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET actor = 'U9' WHERE sequence = 3",
        "UPDATE OR IGNORE ledger SET actor = 'U9'",
        "UPDATE OR REPLACE ledger SET sequence = 1 WHERE sequence = 2",
        "DELETE FROM ledger WHERE sequence = 8",
        "DELETE FROM ledger",
    ],
)
async def test_no_record_is_changed_or_taken_away(written, raw, statement):
    before = rows(raw)
    with pytest.raises(sqlite3.IntegrityError, match="the ledger is never"):
        raw.execute(statement)
    assert rows(raw) == before


WRONG = (
    {"sequence": 1},
    {"sequence": 8},
    {"sequence": 10},
    {"sequence": 0},
    {"sequence": None},
    {"previous": GENESIS},
    {"previous": None},
    {"stream": "rollout/new"},
    {"stream": "rollout/new", "sequence": 1},
)


@pytest.mark.parametrize("how", ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"])
async def test_only_the_next_record_is_taken(written, raw, how):
    before = rows(raw)
    good = {**before[-1], "sequence": 9, "previous": before[-1]["hash"]}
    for wrong in WRONG:
        with pytest.raises(sqlite3.IntegrityError, match="only the next"):
            insert(raw, good | wrong, how)
        assert rows(raw) == before, wrong
    insert(raw, good, how)
    assert len(rows(raw)) == 9


async def test_a_writer_that_is_mistaken_about_the_chain_writes_nothing_at_all(written, name, raw, monkeypatch):
    monkeypatch.setattr("storage.ledger.GENESIS", "f" * 64)
    before = list(raw.iterdump())
    with pytest.raises(IntegrityError):
        await written.ledger.append("house", [HOUSE_ENTRY])
    assert list(raw.iterdump()) == before


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_the_bot_does_not_start_without_the_triggers(written, raw, url, clock, trigger):
    raw.execute(f"DROP TRIGGER {trigger}")
    with pytest.raises(TriggersMissing, match=trigger):
        async with opened(url, clock):
            pass


async def test_the_bot_does_not_start_with_a_trigger_that_only_looks_right(written, raw, url, clock):
    raw.execute("DROP TRIGGER ledger_is_never_deleted")
    raw.execute("CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger BEGIN SELECT 1; END")
    with pytest.raises(TriggersMissing, match="ledger_is_never_deleted"):
        async with opened(url, clock):
            pass


def mutated(value, chance):
    """The value with one byte changed; a number with one bit changed."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(5))
    raw = bytearray(value if isinstance(value, bytes) else value.encode())
    place = chance.randrange(len(raw))
    raw[place] ^= chance.randrange(1, 256)
    return bytes(raw)


def touch(raw, row, column, wrong):
    """Write the mutated bytes under the column's own type; answers False when the place was taken."""
    new = "CAST(? AS TEXT)" if isinstance(row[column], str) else "?"
    here = (row["stream"], row["sequence"])
    where = "WHERE (stream, sequence) = (?, ?)"
    return raw.execute(f"UPDATE OR IGNORE ledger SET {column} = {new} {where}", (wrong, *here)).rowcount == 1  # noqa: S608 - our own names


async def test_every_single_byte_that_is_touched_is_found(written, raw):
    for trigger in TRIGGERS:
        raw.execute(f"DROP TRIGGER {trigger}")
    assert await written.ledger.verify_all() == ()
    chance = random.Random(20260301)
    honest = rows(raw)
    touched, missed = 0, []
    while touched < 200:
        row = chance.choice(honest)
        column = chance.choice([each for each in COLUMNS if row[each] != ""])
        wrong = mutated(row[column], chance)
        raw.execute("BEGIN")
        if touch(raw, row, column, wrong):
            touched += 1
            raw.execute("COMMIT")
            missed += [] if await written.ledger.verify_all() else [(column, row[column], wrong)]
            raw.execute("BEGIN")
            raw.execute("DELETE FROM ledger")
            for each in honest:
                insert(raw, each)
        raw.execute("COMMIT")
    assert missed == []
    assert await written.ledger.verify_all() == ()


async def test_a_record_that_is_missing_is_found_where_it_is_missing(written, raw):
    for trigger in TRIGGERS:
        raw.execute(f"DROP TRIGGER {trigger}")
    raw.execute("DELETE FROM ledger WHERE sequence = 4")
    found = await written.ledger.verify(STREAM)
    assert (found.sequence, found.why) == (4, "a record is missing")


async def test_a_cut_tail_is_found_by_the_head_that_was_witnessed(written, raw):
    head = (await written.ledger.entries(STREAM, last=1))[0].head
    assert await written.ledger.verify(STREAM, head=head) is None
    for trigger in TRIGGERS:
        raw.execute(f"DROP TRIGGER {trigger}")
    raw.execute("DELETE FROM ledger WHERE sequence = 8")
    assert await written.ledger.verify(STREAM) is None
    assert (await written.ledger.verify(STREAM, head=head)).sequence == 8


async def test_a_whole_rewrite_is_found_by_the_head_that_was_witnessed(written, raw, tmp_path, clock):
    head = (await written.ledger.entries(STREAM, last=1))[0].head
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/forged.db", clock) as forged:
        await forged.lease.acquire()
        await forged.ledger.append(STREAM, [entry()] * 8)
        assert await forged.ledger.verify(STREAM) is None
        assert await forged.ledger.verify(STREAM, head=head) is not None


def test_the_triggers_hold_for_every_connection(tmp_path):
    with closing(sqlite3.connect(tmp_path / "plain.db")) as plain:
        plain.execute(f"CREATE TABLE ledger ({', '.join(COLUMNS)}, PRIMARY KEY (stream, sequence))")
        for sql in TRIGGERS.values():
            plain.execute(sql)
        plain.execute("PRAGMA recursive_triggers = OFF")
        first = dict.fromkeys(COLUMNS, "x") | {"sequence": 1, "previous": GENESIS}
        insert(plain, first)
        with pytest.raises(sqlite3.IntegrityError):
            insert(plain, first, "REPLACE")
