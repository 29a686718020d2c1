"""The ledger takes only the next record, keeps every one, and shows where somebody touched it."""

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import rfc8785

from bot.domain.entries import Happened
from bot.ports import Change
from storage.opened import opened
from storage.triggers import GUARDS, TRIGGERS, TriggersMissing
from storage.verification import GENESIS
from tests.storage import only
from tests.storage.raw import INTEGRITY
from tests.storage.samples import HOUSE_ENTRY, NOW, entry

COLUMNS = ("stream", "sequence", "previous", "hash", "at", "actor", "kind", "phase", "payload")
STREAM = "rollout/gitguard-1"


@pytest.fixture
async def written(memory, name):
    """A stream of eight records, in three changes; four of them of a shape that is seen to be canonical at a glance."""
    for size, share in ((1, 0.25), (4, "a quarter"), (2, 0.25)):
        said = tuple(entry(Happened.VERDICT_CHANGED, number=number, share=share, gate="é\n") for number in range(size))
        await memory.rollouts.change(name, lambda seen, said=said: Change(seen.rollout, entries=said))
    return memory


def rows(raw):
    found = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM ledger ORDER BY stream, sequence").fetchall()  # noqa: S608 - our own names
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def insert(raw, row, how="INSERT", after=""):
    places = ", ".join("?" * len(row))
    raw.execute(f"{how} INTO ledger ({', '.join(row)}) VALUES ({places}){after}", tuple(row.values()))


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


ALTERING = ("UPDATE ledger SET actor = 'U9' WHERE sequence = 3", "DELETE FROM ledger WHERE sequence = 8")


@only.POSTGRESQL
@pytest.mark.parametrize(
    "statement",
    [
        *ALTERING,
        "UPDATE ledger SET actor = 'U9' WHERE false",
        "TRUNCATE ledger",
        "TRUNCATE ledger, rollouts CASCADE",
        "SET session_replication_role = replica; DELETE FROM ledger",
        "MERGE INTO ledger USING (SELECT 1) AS one ON sequence = 3 WHEN MATCHED THEN DELETE",
    ],
)
async def test_no_record_is_changed_or_taken_away_on_a_server(written, raw, statement):
    before = rows(raw)
    with pytest.raises(INTEGRITY, match="the ledger is never"):
        raw.execute(statement)
    assert rows(raw) == before


@only.SQLITE
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


@only.POSTGRESQL
@pytest.mark.parametrize(
    "after", ["", " ON CONFLICT DO NOTHING", " ON CONFLICT (stream, sequence) DO UPDATE SET hash = excluded.hash"]
)
async def test_only_the_next_record_is_taken_on_a_server(written, raw, after):
    before = rows(raw)
    good = {**before[-1], "sequence": 9, "previous": before[-1]["hash"]}
    if "UPDATE" in after:
        with pytest.raises(INTEGRITY, match="the ledger is never"):
            insert(raw, good, after=after)
        return
    for wrong in WRONG:
        with pytest.raises(INTEGRITY, match="only the next"):
            insert(raw, good | wrong, after=after)
        assert rows(raw) == before, wrong
    insert(raw, good, after=after)
    assert len(rows(raw)) == 9


@only.SQLITE
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
    before = raw.dump()
    with pytest.raises(INTEGRITY, match="only the next"):
        await written.ledger.append("house", [HOUSE_ENTRY])
    assert raw.dump() == before


def triggers(raw):
    return TRIGGERS if raw.kind == "sqlite" else GUARDS


@pytest.mark.parametrize("trigger", GUARDS)
async def test_the_bot_does_not_start_without_the_triggers(written, raw, url, clock, trigger):
    if trigger not in triggers(raw):
        assert "truncate" in trigger, "SQLite has no such statement"
        return
    raw.drop_trigger(trigger)
    with pytest.raises(TriggersMissing, match=trigger):
        async with opened(url, clock):
            pass


SOFTENED = {
    "disabled": "ALTER TABLE ledger DISABLE TRIGGER ledger_is_never_deleted",
    "enabled, but not always": "ALTER TABLE ledger ENABLE TRIGGER ledger_is_never_deleted",
    "for replicas": "ALTER TABLE ledger ENABLE REPLICA TRIGGER ledger_is_never_deleted",
    "another body": "CREATE OR REPLACE FUNCTION ledger_is_never_deleted() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'",
    "on other columns": "DROP TRIGGER ledger_is_never_updated ON ledger; CREATE TRIGGER ledger_is_never_updated "
    "BEFORE UPDATE OF phase ON ledger EXECUTE FUNCTION ledger_is_never_updated(); "
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_is_never_updated",
    "under a condition": "DROP TRIGGER ledger_is_never_updated ON ledger; CREATE TRIGGER ledger_is_never_updated "
    "BEFORE UPDATE ON ledger WHEN (false) EXECUTE FUNCTION ledger_is_never_updated(); "
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_is_never_updated",
    "one more": "CREATE TRIGGER zzz BEFORE INSERT ON ledger EXECUTE FUNCTION ledger_is_never_deleted()",
    "a rule": "CREATE RULE quietly AS ON DELETE TO ledger DO INSTEAD NOTHING",
}


@only.POSTGRESQL
@pytest.mark.parametrize("how", SOFTENED)
async def test_the_bot_does_not_start_on_a_server_whose_triggers_were_softened(written, raw, url, clock, how):
    raw.execute(SOFTENED[how])
    with pytest.raises(TriggersMissing):
        async with opened(url, clock):
            pass


@only.SQLITE
async def test_the_bot_does_not_start_with_a_trigger_that_only_looks_right(written, raw, url, clock):
    raw.execute("DROP TRIGGER ledger_is_never_deleted")
    raw.execute("CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger BEGIN SELECT 1; END")
    with pytest.raises(TriggersMissing, match="ledger_is_never_deleted"):
        async with opened(url, clock):
            pass


@only.SQLITE
@pytest.mark.parametrize(
    ("column", "stored"), [("payload", "NULL"), ("payload", "1"), ("at", "X'C3'"), ("hash", "NULL")]
)
async def test_a_value_of_another_type_is_found(written, raw, column, stored):
    """In a table that does not mind, as a file that was written by hand may have."""
    copy = ", ".join(COLUMNS)
    raw.execute("ALTER TABLE ledger RENAME TO once")
    raw.execute(f"CREATE TABLE ledger ({copy}, PRIMARY KEY (stream, sequence))")
    raw.execute(f"INSERT INTO ledger SELECT {copy} FROM once")  # noqa: S608 - our own names
    assert await written.ledger.verify_all() == ()
    raw.execute(f"UPDATE ledger SET {column} = {stored} WHERE sequence = 5")  # noqa: S608 - likewise
    (found,) = await written.ledger.verify_all()
    assert found.sequence == 5


@only.SQLITE
async def test_a_record_under_a_name_that_only_looks_right_is_found(written, raw):
    for trigger in triggers(raw):
        raw.drop_trigger(trigger)
    raw.execute("UPDATE ledger SET stream = CAST(stream AS BLOB) WHERE sequence = 8")
    (found,) = await written.ledger.verify_all()
    assert (found.stream, found.sequence) == (STREAM, 8)


async def test_a_record_that_is_missing_is_found_where_it_is_missing(written, raw):
    for trigger in triggers(raw):
        raw.drop_trigger(trigger)
    raw.execute("DELETE FROM ledger WHERE sequence = 4")
    found = await written.ledger.verify(STREAM)
    assert (found.sequence, found.why) == (4, "a record is missing")


async def test_a_cut_tail_is_found_by_the_head_that_was_witnessed(written, raw):
    head = (await written.ledger.entries(STREAM, last=1))[0].head
    assert await written.ledger.verify(STREAM, head=head) is None
    for trigger in triggers(raw):
        raw.drop_trigger(trigger)
    raw.execute("DELETE FROM ledger WHERE sequence = 8")
    assert await written.ledger.verify(STREAM) is None
    assert (await written.ledger.verify(STREAM, head=head)).sequence == 8


async def test_a_whole_rewrite_is_found_by_the_head_that_was_witnessed(written, raw, tmp_path, clock):
    head = (await written.ledger.entries(STREAM, last=1))[0].head
    async with opened(f"sqlite:///{tmp_path}/forged.db", clock) as forged:
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
