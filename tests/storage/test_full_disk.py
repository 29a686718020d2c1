"""A disk that is full from the nth write of a start on: nothing is half written, and the way back stays open."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.opened import opened

ROOT = Path(__file__).parents[2]
SHIM = Path(__file__).with_name("full_disk.c")
PROGRAM = "tests.storage.full_start"
EVERY = 200


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler to build the full disk with")
    built = tmp_path_factory.mktemp("shim") / "full_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", built, SHIM, "-ldl"], check=True)
    return built


def started(shim, folder, numbers):
    """What each start came to, by the number of its first refused write."""
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, str(folder), *map(str, numbers)],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["n"] for each in told] == list(numbers)
    return told


async def broken(folder, told, clock):
    """What is wrong with one database and its rollout after the disk was full; "" when nothing is."""
    if "broke" in told:
        return told["broke"]
    file = folder / str(told["n"]) / "full.db"
    with closing(sqlite3.connect(file)) as raw:
        whole = raw.execute("pragma integrity_check").fetchone()
    async with opened(f"sqlite:///{file}", clock) as memory:
        chain = await memory.ledger.verify_all()
    doubled = any(count > 1 for count in told["effects"].values())
    if whole != ("ok",) or chain or doubled or told["state"] != "rolled_back":
        return f"{whole} {chain} {told}"
    return ""


async def judged(shim, folder, numbers, clock, record_property):
    told = started(shim, folder, numbers)
    wrong = [why for each in told if (why := await broken(folder, each, clock))]
    met = sum(bool(each.get("refused")) for each in told)
    record_property("figure", f"disk full at {len(told)} writes ({met} met it): {len(told) - len(wrong)} intact")
    assert not wrong, "\n\n".join(wrong[:3])
    assert met == len(told), "some starts were over before the disk was full"


async def test_a_start_survives_a_full_disk_and_can_be_taken_back(shim, tmp_path, clock, record_property):
    await judged(shim, tmp_path, range(1, EVERY + 1, 20), clock, record_property)


@pytest.mark.endurance
async def test_a_start_survives_a_full_disk_at_each_of_two_hundred_writes(shim, tmp_path, clock, record_property):
    await judged(shim, tmp_path, range(1, EVERY + 1), clock, record_property)
