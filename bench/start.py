"""How long the command line takes to answer, against the limits that were set for it."""

import subprocess
import sys
import time
from collections.abc import Iterator

from bench.figures import Figure, interleaved

HELP_LIMIT = 0.4


def figures() -> Iterator[Figure]:
    """`rollout --help` in seconds against its limit, and against an interpreter that does nothing."""
    ours, bare = interleaved(lambda: _seconds("-m", "bot", "--help"), lambda: _seconds("-c", "pass"))
    yield Figure("rollout --help, s, against its limit of 0.4 s", ours, HELP_LIMIT, 1.0)
    yield Figure("rollout --help, s, against a bare interpreter", ours, bare, HELP_LIMIT / bare)


def _seconds(*arguments: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun
