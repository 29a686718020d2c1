"""How fast the ledger takes events, against the bare disk, and how fast it is verified, against the bare hash."""

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from bench.figures import ROUNDS, Figure, Rate
from bot.domain.entries import Entry, Happened
from storage.database import kind_of
from storage.ledger import append
from storage.line import Line
from storage.triggers import TRIGGERS, check_triggers
from storage.upgrade import upgrade
from storage.verification import verify_all

# On the disk of the repository: a temporary folder may be in memory, where a sync costs nothing.
PLACE = Path(__file__).resolve().parents[1] / "build"
STREAM = "rollout/gitguard-1"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINGLE, BATCHES, BATCH = 600, 60, 100
RECORDS = 1_000_000
_KINDS = (Happened.VERDICT_CHANGED, Happened.STEP_DONE, Happened.PHASE_HELD, Happened.GATES_READ)


def figures() -> Iterator[Figure]:
    """Events a second, one by one and by the hundred; seconds for a million records."""
    yield from _appended()
    yield _verified()


def _events(count: int) -> list[Entry]:
    return [
        Entry(
            _KINDS[number % len(_KINDS)],
            f"U0{number % 7:03}",
            ("staging", "canary", "production")[number % 3],
            {
                "gate": f"gate-{number % 11}",
                "outcome": ("pass", "fail", "inconclusive")[number % 3],
                "says": f"{number} of {number + 3} readings were within the bound of 2.5 %",
                "samples": number,
            },
        )
        for number in range(count)
    ]


@contextmanager
def _database() -> Iterator[Path]:
    """A database with the real schema, and its triggers, in a folder of its own."""
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        file = Path(folder) / "ledger.db"
        asyncio.run(upgrade(f"sqlite:///{file}"))
        yield file


@contextmanager
def _line(file: Path) -> Iterator[Line]:
    """A connection as the writer's thread has it."""
    kind = kind_of(f"sqlite:///{file}")
    engine = kind.engine(1)
    line = Line(engine, kind)
    check_triggers(line.look())
    line.end()
    yield line
    line.drop()
    engine.dispose()


def _appended() -> Iterator[Figure]:
    with _database() as file, _line(file) as line:
        single, many, bare = [], [], []
        written = _warm(line, file)
        for _ in range(ROUNDS):
            events = _events(SINGLE)
            single.append(_ours(line, [[each] for each in events]))
            bare.append(_bare(file, SINGLE))
            many.append(_ours(line, [_events(BATCH)] * BATCHES))
            bare.append(_bare(file, SINGLE))
            written += SINGLE + BATCH * BATCHES
        assert verify_all(line.look()) == ()
        line.end()
        with sqlite3.connect(file) as kept:
            assert kept.execute("SELECT count(*) FROM ledger").fetchone() == (written,)
    raw = statistics.median(bare)
    yield Rate("ledger-1: events/s, one a commit, against append and fdatasync", statistics.median(single), raw, 0.9)
    yield Rate(
        "ledger-100: events/s, 100 a commit, against one append and fdatasync each", statistics.median(many), raw, 20
    )


def _warm(line: Line, file: Path) -> int:
    """Until the write-ahead log is written over: from then on it does not grow, as in a process that runs for long."""
    written, before = 0, file.stat().st_size
    while file.stat().st_size == before:
        _ours(line, [_events(BATCH)])
        written += BATCH
    return written


def _ours(line: Line, batches: Sequence[Sequence[Entry]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        append(line.enter(), STREAM, batch, NOW)
        line.commit()
    return sum(map(len, batches)) / (time.perf_counter() - began)


def _bare(file: Path, count: int) -> float:
    """The newest payloads, appended to a file beside the database."""
    with sqlite3.connect(file) as kept:
        newest = "SELECT payload FROM ledger ORDER BY rowid DESC LIMIT ?"
        payloads = [payload for (payload,) in kept.execute(newest, (count,))]
    log = os.open(file.with_name("log"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    began = time.perf_counter()
    for payload in payloads:
        os.write(log, payload)
        os.fdatasync(log)
    took = time.perf_counter() - began
    os.close(log)
    return count / took


def _verified() -> Figure:
    with _database() as file:
        _fill(file)
        with sqlite3.connect(file) as kept:
            payloads = [payload for (payload,) in kept.execute("SELECT payload FROM ledger ORDER BY sequence")]
        assert len(payloads) == RECORDS
        ours, bare = [], []
        with _line(file) as line:
            for _ in range(ROUNDS):
                bare.append(_hashed(payloads))
                began = time.perf_counter()
                assert verify_all(line.look()) == ()
                line.end()
                ours.append(time.perf_counter() - began)
    return Figure(
        "verify: seconds for 1,000,000 records, against SHA-256 alone",
        statistics.median(ours),
        statistics.median(bare),
        4,
    )


def _hashed(payloads: Sequence[bytes]) -> float:
    began = time.perf_counter()
    for payload in payloads:
        sha256(payload).hexdigest()
    return time.perf_counter() - began


def _fill(file: Path) -> None:
    """A million records, chained by our own code; unguarded and unsynced, for time."""
    with _line(file) as line:
        session = line.enter()
        for name in TRIGGERS:
            session.driver.execute(f"DROP TRIGGER {name}")
        events = _events(10_000)
        for _ in range(RECORDS // len(events)):
            append(session, STREAM, events, NOW)
        for guard in TRIGGERS.values():
            session.driver.execute(guard)
        line.commit()
        session.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
