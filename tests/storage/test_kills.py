"""A process that is killed without warning leaves whole changes or none, and loses nothing that it promised."""

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.opened import opened
from tests.storage.raw import Raw

ROOT = Path(__file__).parents[2]
PROGRAM = "tests.storage.killed_writers"


def kill_writers(url, seed, kills):
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, url, str(seed), str(kills)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(line.split()) for line in done.stdout.split("\n") if line]


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.endurance)])
async def test_every_change_is_whole_or_absent_after_kills(url, clock, kills, record_property):
    seed = 7 if kills == 10 else random.SystemRandom().randrange(2**32)
    record_property("figure", f"{kills} kills, seed {seed}")
    promised = kill_writers(url, seed, kills)
    assert len(promised) >= kills
    assert len(set(promised)) == len(promised), "nothing was done twice"
    async with opened(url, clock) as memory:
        if url.startswith("postgresql"):
            with closing(Raw(url)) as raw:
                raw.age_lease(memory.lease.length)
        assert await memory.lease.acquire() == kills + 1
        assert await memory.ledger.verify_all() == ()
    with closing(Raw(url)) as raw:
        versions = dict(raw.execute("SELECT name, version FROM rollouts").fetchall())
        for name, version in promised:
            assert versions[name] >= int(version), "what was answered is on the disk"
        for name, version in versions.items():
            assert_whole(raw, name, version)


def assert_whole(raw, name, version):
    """Each change writes one entry, one post beside the card, and moves one timer."""
    count = raw.execute("SELECT count(*) FROM ledger WHERE stream = ?", (f"rollout/{name}",)).fetchone()
    assert count == (version + 1,)
    posts = raw.execute("SELECT key FROM outbox WHERE rollout = ? AND key LIKE ?", (name, f"{name}/%")).fetchall()
    assert sorted(int(key.rpartition("/")[2]) for (key,) in posts) == list(range(1, version + 1))
    revision = raw.execute("SELECT revision FROM outbox WHERE key = ?", (f"card/{name}",)).fetchone()
    assert revision == (version + 1,)
    timers = raw.execute("SELECT count(*) FROM timers WHERE rollout = ?", (name,)).fetchone()
    assert timers == (min(version, 1),)
