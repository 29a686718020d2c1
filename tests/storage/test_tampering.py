"""Whoever gets past the triggers and touches the ledger is found out: by the chain, or by a head that was witnessed."""

import json
import os
import random
import sqlite3
from contextlib import contextmanager
from hashlib import sha256
from types import SimpleNamespace

import psycopg
import pytest
import rfc8785

from bot.domain.entries import Happened
from bot.ports import Change
from storage.triggers import GUARDS, TRIGGERS
from storage.verification import GENESIS, verify, verify_all
from tests.storage.samples import HOUSE_ENTRY, entry

COLUMNS = ("stream", "sequence", "previous", "hash", "at", "actor", "kind", "phase", "payload")
STREAM = "rollout/gitguard-1"
LENGTH = 24


@pytest.fixture
async def opened_up(memory, name, raw):
    """A ledger whose triggers somebody dropped, and a dice."""
    for size in (1, 4, 2, 16):
        said = tuple(
            entry(Happened.VERDICT_CHANGED, number=number, share=0.25, gate="é\n", yes=True) for number in range(size)
        )
        await memory.rollouts.change(name, lambda seen, said=said: Change(seen.rollout, entries=said))
    await memory.ledger.append("house", [HOUSE_ENTRY] * 3)
    for trigger in TRIGGERS if raw.kind == "sqlite" else GUARDS:
        raw.drop_trigger(trigger)
    if raw.kind == "postgresql":
        # As fast as can be: nothing of what the tests write is kept.
        raw.execute("SET synchronous_commit = off")
    return raw


@pytest.fixture
def dice(record_property, request):
    seed = int(os.environ.get("ROLLOUT_SEED") or random.SystemRandom().randrange(2**32))
    record_property("figure", f"{request.node.callspec.params['times']} times, seed {seed}")
    return random.Random(seed)


def session(raw):
    return SimpleNamespace(driver=raw.connection, kind=raw.kind)


@contextmanager
def tried(raw):
    """A transaction of which nothing stays."""
    raw.execute("BEGIN")
    try:
        yield
    finally:
        raw.execute("ROLLBACK")


def broken(raw):
    with tried(raw):
        return verify_all(session(raw))


def rows(raw, stream=STREAM):
    found = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM ledger WHERE stream = ? ORDER BY sequence", (stream,))  # noqa: S608 - our own names
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()]


def mutated(value, dice, kind):
    """The value with one byte changed; in a text of PostgreSQL one character, since it takes no other bytes."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(5))
    if isinstance(value, str) and kind == "postgresql":
        place = dice.randrange(len(value))
        other = chr(1 + (ord(value[place]) - 1 + dice.randrange(1, 0xD7FE)) % 0xD7FE)
        return value[:place] + other + value[place + 1 :]
    changed = bytearray(value if isinstance(value, bytes) else value.encode())
    changed[dice.randrange(len(changed))] ^= dice.randrange(1, 256)
    return bytes(changed)


def touch(raw, row, column, wrong):
    """Whether it could be stored: the place may be taken."""
    new = "CAST(? AS TEXT)" if isinstance(wrong, bytes) and column != "payload" else "?"
    statement = f"UPDATE ledger SET {column} = {new} WHERE stream = ? AND sequence = ?"  # noqa: S608 - our own names
    try:
        return raw.execute(statement, (wrong, row["stream"], row["sequence"])).rowcount == 1
    except (psycopg.IntegrityError, sqlite3.IntegrityError):
        return False


@pytest.mark.parametrize("times", [1000, pytest.param(10_000, marks=pytest.mark.endurance)])
async def test_every_single_mutation_of_a_record_is_found(opened_up, dice, times):
    raw, touched, missed = opened_up, 0, []
    honest = rows(raw) + rows(raw, "house")
    assert broken(raw) == ()
    while touched < times:
        row = dice.choice(honest)
        column = dice.choice([each for each in COLUMNS if row[each] != ""])
        wrong = mutated(row[column], dice, raw.kind)
        with tried(raw):
            if touch(raw, row, column, wrong):
                touched += 1
                missed += [] if verify_all(session(raw)) else [(column, row[column], wrong)]
    assert missed == []
    assert broken(raw) == ()


@pytest.mark.parametrize("times", [50, pytest.param(500, marks=pytest.mark.endurance)])
async def test_every_cut_tail_is_found_by_the_head(opened_up, dice, times):
    raw = opened_up
    head = rows(raw)[-1]["hash"]
    with tried(raw):
        assert verify(session(raw), STREAM, head) is None
    for _ in range(times):
        left = dice.randrange(LENGTH)
        with tried(raw):
            raw.execute("DELETE FROM ledger WHERE stream = ? AND sequence > ?", (STREAM, left))
            assert verify(session(raw), STREAM, None) is None, "the rest is whole"
            assert verify(session(raw), STREAM, head).sequence == left + 1


@pytest.mark.parametrize("times", [50, pytest.param(500, marks=pytest.mark.endurance)])
async def test_every_rewrite_with_new_hashes_is_found_by_the_head(opened_up, dice, times):
    raw = opened_up
    honest = rows(raw)
    assert len(honest) == LENGTH
    for _ in range(times):
        with tried(raw):
            rewrite(raw, honest, dice)
            assert verify(session(raw), STREAM, None) is None, "the chain itself is whole"
            found = verify(session(raw), STREAM, honest[-1]["hash"])
            assert found is not None
            assert "witnessed" in found.why


def rewrite(raw, honest, dice):
    """Another story from some record on, with everything after it chained anew."""
    changed = dice.randrange(len(honest))
    previous = honest[changed - 1]["hash"] if changed else GENESIS
    raw.execute("DELETE FROM ledger WHERE stream = ? AND sequence > ?", (STREAM, changed))
    for place, row in enumerate(honest[changed:], changed):
        said = json.loads(row["payload"]) | {"previous": previous}
        if place == changed:
            said |= {"actor": f"U{dice.randrange(10**6)}x"}
        payload = rfc8785.dumps(said)
        now = {**row, "previous": previous, "actor": said["actor"], "payload": payload}
        previous = now["hash"] = sha256(payload).hexdigest()
        places = ", ".join("?" * len(now))
        raw.execute(f"INSERT INTO ledger ({', '.join(now)}) VALUES ({places})", tuple(now.values()))  # noqa: S608 - our own names
