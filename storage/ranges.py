"""Ranges: a long stream in a database file, verified by several processes at once, each with a range of its records.

What they find can only save time. Each says with which hash its range ended; the next range was given that very hash
to follow, and the last must end as the caller sees the stream end. Whatever else comes of it, the caller looks itself.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from storage.chain import GENESIS, READ, UNREADABLE, Chain

WORTH: Final = 100_000  # records; below it, starting a process takes longer than it saves
_MOST: Final = 4  # processes
_WITHIN: Final = 600.0  # seconds
_ROOT: Final = Path(__file__).resolve().parents[1]
_HASHES: Final = "SELECT sequence, hash FROM ledger WHERE stream = ? AND sequence IN ({})"
_RANGE: Final = f"SELECT {', '.join(READ)} FROM ledger WHERE stream = ? AND sequence BETWEEN ? AND ? ORDER BY sequence"  # noqa: S608 - constants of ours


class Range(NamedTuple):
    """What one process is told: the records of a stream after `before`, to `last`, the first following `previous`."""

    file: str
    stream: str
    before: int
    last: int
    previous: str


def held(driver: sqlite3.Connection, stream: str, count: int) -> str | None:
    """The hash of the last of so many records, when all were seen to hold; None when that is still to be found out."""
    (_, _, file), *_ = driver.execute("PRAGMA database_list").fetchall()
    processes = min(os.cpu_count() or 1, _MOST)
    # What this connection wrote, other processes may not see yet.
    if count < WORTH or processes < 2 or not file or not sys.executable or driver.total_changes:  # noqa: PLR2004 - one is none
        return None
    ends = [count * number // processes for number in range(1, processes + 1)]
    hashes = dict(driver.execute(_HASHES.format(", ".join("?" * processes)), (stream, *ends)).fetchall())
    if set(hashes) != set(ends):
        return None
    begins = ((0, GENESIS), *((end, hashes[end]) for end in ends))
    ranges = [Range(file, stream, before, end, told) for (before, told), end in zip(begins, ends, strict=False)]
    return hashes[count] if _asked(ranges) == [hashes[end] for end in ends] else None


def _asked(ranges: Sequence[Range]) -> list[str]:
    """How each range ended; "" for one of which that is not known."""
    started: list[subprocess.Popen[str]] = []
    try:
        for each in ranges:
            argv = (sys.executable, "-m", "storage.ranges", json.dumps(each))
            # Nothing of the environment: the secrets in it are none of its business.
            started.append(subprocess.Popen(argv, cwd=_ROOT, env={}, stdout=-1, stderr=-3, stdin=-3, text=True))
        return [process.communicate(timeout=_WITHIN)[0] for process in started]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    finally:
        for process in started:
            process.kill()
            process.communicate()


def ended(asked: Range) -> str:
    """The hash with which this range ends, "" when it does not hold at a glance."""
    chain = Chain(asked.stream, asked.before, asked.previous)
    with closing(sqlite3.connect(f"file:{quote(asked.file)}?mode=ro", uri=True, timeout=5)) as driver:
        rows: Any = driver.execute(_RANGE, (asked.stream, asked.before + 1, asked.last))
        try:
            broken = chain.glance(rows)
        except (sqlite3.Error, *UNREADABLE):
            return ""
    return chain.previous if broken is None and chain.place == asked.last else ""


if __name__ == "__main__":
    sys.stdout.write(ended(Range(*json.loads(sys.argv[1]))))
