"""Several processes that verify one long stream answer as one process does, and never instead of it when in doubt."""

import os
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from bot.domain.entries import Happened
from storage import ranges
from storage.ledger import append
from storage.triggers import TRIGGERS
from storage.upgrade import upgrade
from storage.verification import GENESIS, verify, verify_all
from tests.storage.samples import NOW, entry

STREAM, COUNT = "rollout/gitguard-1", 60


@pytest.fixture
async def file(tmp_path, monkeypatch):
    """A file with one stream, which is long enough for two processes."""
    monkeypatch.setattr(ranges, "WORTH", COUNT)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    file = tmp_path / "odd name? 1%20.db"
    await upgrade(f"sqlite:///{tmp_path}/once.db")
    (tmp_path / "once.db").rename(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as driver:
        said = [entry(Happened.VERDICT_CHANGED, number=number, says='é "\n"') for number in range(COUNT)]
        append(SimpleNamespace(driver=driver, kind="sqlite"), STREAM, said, NOW)
        for name in TRIGGERS:
            driver.execute(f"DROP TRIGGER {name}")
    return file


def look(file):
    return closing(sqlite3.connect(file, isolation_level=None))


def touched(file, statement):
    with look(file) as driver:
        driver.execute(statement)


async def test_a_long_stream_is_held_by_several_processes(file):
    with look(file) as driver:
        (head,) = driver.execute("SELECT hash FROM ledger WHERE sequence = ?", (COUNT,)).fetchone()
        assert ranges.held(driver, STREAM, COUNT) == head
        session = SimpleNamespace(driver=driver, kind="sqlite")
        assert verify_all(session) == ()
        assert verify(session, STREAM, head) is None
        assert "witnessed" in verify(session, STREAM, GENESIS).why


@pytest.mark.parametrize(
    ("column", "sequence"),
    [("payload", 1), ("payload", 30), ("payload", COUNT), *((column, 31) for column in ("previous", "hash", "actor"))],
)
async def test_what_was_touched_is_found_in_every_range(file, column, sequence):
    other = "CAST(replace(payload, 'é', 'e') AS BLOB)" if column == "payload" else f"{column} || '0'"
    touched(file, f"UPDATE ledger SET {column} = {other} WHERE sequence = {sequence}")  # noqa: S608 - our own names
    with look(file) as driver:
        assert ranges.held(driver, STREAM, COUNT) is None
        (found,) = verify_all(SimpleNamespace(driver=driver, kind="sqlite"))
        assert found.sequence == sequence


@pytest.mark.parametrize(
    "wrong", ["UPDATE ledger SET sequence = 0 WHERE sequence = 1", "DELETE FROM ledger WHERE sequence = 30"]
)
async def test_a_record_that_is_not_in_its_place_is_found(file, wrong):
    touched(file, wrong)
    with look(file) as driver:
        assert verify_all(SimpleNamespace(driver=driver, kind="sqlite")) != ()


async def test_where_processes_cannot_be_had_one_does_it_all(file, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with look(file) as driver:
        assert ranges.held(driver, STREAM, COUNT) is None
        assert verify_all(SimpleNamespace(driver=driver, kind="sqlite")) == ()


async def test_what_is_not_committed_is_not_left_to_others(file):
    with look(file) as driver:
        driver.execute("BEGIN")
        driver.execute("UPDATE ledger SET actor = 'U9' WHERE sequence = 31")
        (found,) = verify_all(SimpleNamespace(driver=driver, kind="sqlite"))
        assert found.sequence == 31
