"""How long a start takes, and how much memory it holds, when much was under way."""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import seeding
from bench.figures import ROUNDS, Figure
from bench.ledgers import PLACE
from bench.processes import ROOT, environment, free_port, server, start, until_ready
from storage.upgrade import upgrade

ROLLOUTS, TIMERS = 100, 10_000
SETTLED = 2.0  # seconds after it is ready until its memory is looked at
IMPORTS = "import bot.__main__, bot.app; print(flush=True); input()"


def figures() -> Iterator[Figure]:
    """Seconds until ready with much under way against an empty database; resident memory against the bare imports."""
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as made, server("slack", {}) as slack:
        folder = Path(made)
        plans = seeding.plans(folder / "plans", ROLLOUTS)
        full, empty = folder / "full.db", folder / "empty.db"
        seeding.seed(f"sqlite:///{full}", plans, TIMERS)
        asyncio.run(upgrade(f"sqlite:///{empty}"))
        took: dict[Path, list[float]] = {full: [], empty: []}
        held, imports = [], []
        for _ in range(ROUNDS):
            for origin in (empty, full):
                database = Path(shutil.copy(origin, folder / "round.db"))
                seconds, resident = _started(environment(slack, plans, database), SETTLED if origin is full else 0)
                took[origin].append(seconds)
                for left in folder.glob("round.db*"):
                    left.unlink()
            held.append(resident)
            imports.append(_imported())
    yield Figure(
        f"restart: s until ready, {ROLLOUTS} open rollouts and {TIMERS} timers, against an empty database",
        statistics.median(took[full]),
        statistics.median(took[empty]),
        2,
    )
    yield Figure(
        "memory: MB resident with all that under way, against the imports alone",
        statistics.median(held),
        statistics.median(imports),
        1.5,
    )


def _started(env: dict[str, str], settle: float) -> tuple[float, float]:
    """Seconds until it is ready, and its memory `settle` seconds later."""
    port = free_port()
    began = time.perf_counter()
    process = start(env, port)
    try:
        until_ready(process, port)
        seconds = time.perf_counter() - began
        time.sleep(settle)
        return seconds, _resident(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _imported() -> float:
    argv = [sys.executable, "-c", IMPORTS]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    resident = _resident(process.pid)
    process.communicate(b"\n")
    return resident


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
