"""How long the command line takes to answer, against the limits that were set for it."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.figures import ROUNDS, Figure

HELP_LIMIT = 0.4


def figures() -> Iterator[Figure]:
    """The median of `rollout --help`, in seconds, against its limit."""
    ours = statistics.median(_seconds("-m", "bot", "--help") for _ in range(ROUNDS))
    yield Figure("rollout --help, s, against its limit of 0.4 s", ours, HELP_LIMIT, 1.0)


def _seconds(*arguments: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun
