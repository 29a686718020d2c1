"""Counts: how many cases a run takes, all of them with `make endurance` and a tenth otherwise, and from which seed."""

import os
import random
import secrets
from dataclasses import dataclass
from itertools import cycle, islice

import pytest


def counted(full, *, normal=0):
    """Run the test with the full count in endurance, with a tenth (or `normal`) every time."""
    few = normal or max(full // 10, 1)
    full_count = pytest.param(full, id=f"all-{full}", marks=pytest.mark.endurance)
    return pytest.mark.parametrize("cases", [pytest.param(few, id=f"{few}-of-{full}"), full_count])


@dataclass(frozen=True)
class Dice:
    """Random choices that a printed seed repeats."""

    seed: int
    random: random.Random

    def spread(self, made, number):
        """So many of these, in a random order; over again when there are fewer."""
        shuffled = list(made)
        self.random.shuffle(shuffled)
        return list(islice(cycle(shuffled), number))


def dice():
    seed = int(os.environ.get("ROLLOUT_SEED") or os.environ.get("SEED") or secrets.randbits(32))
    return Dice(seed, random.Random(seed))
