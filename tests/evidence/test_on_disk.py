"""From a real database to a bundle: workflows on SQLite, the command line as a process, a stranger's Python."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.evidence.verifying import unpacked
from bot.host.reaching import login_name
from bot.host.sealing import artifacts, sealed
from bot.jobs.clock import WallClock
from bot.ports import Archived
from bot.rehearsal.outbox import RehearsalOutbox
from storage.opened import opened
from tests.evidence.conftest import ROOT, WORKSPACE, Theatre
from tests.evidence.forging import rows


def rollout(*words, **env):
    keep = {
        name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "ROLLOUT_", "DATABASE"))
    }
    argv = [sys.executable, "-m", "bot", *map(str, words)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, env={**keep, **env}, timeout=60)


async def played(plan, url) -> tuple[str, Archived]:
    """The theatre's play over the real stores; Slack takes every message and names the channel."""
    async with opened(url, WallClock()) as memory:
        await memory.lease.acquire()
        theatre = Theatre(plan, rollouts=memory.rollouts, timers=memory.timers)
        theatre.outbox = RehearsalOutbox()
        object.__setattr__(memory.rollouts, "clock", theatre.clock)
        name = await theatre.play()
        while waiting := await memory.outbox.waiting():
            for row in waiting:
                await memory.outbox.trying(row)
                await memory.outbox.sent(row, f"17000{row.id:05d}.{row.id:06d}", "C0ROLLOUT")
        await memory.kept.put("slack-identity", json.dumps({"url": WORKSPACE}))
        found = await memory.archive.of(name)
        assert found
        return name, found


@pytest.fixture(scope="module")
def database(plan, tmp_path_factory):
    """Made once; only the house's stream grows, by the seals."""
    file = tmp_path_factory.mktemp("kept") / "rollouts.db"
    url = f"sqlite+aiosqlite:///{file}"
    with ThreadPoolExecutor(1) as aside:
        name, archived = aside.submit(asyncio.run, played(plan, url)).result()
    return file, url, name, archived


def test_a_rollout_is_sealed_from_the_command_line_and_checked_by_a_stranger(database, tmp_path):
    file, url, name, archived = database
    # No variable has a say in who it was.
    env = {"DATABASE_URL": url, "ROLLOUT_ARTIFACTS": str(tmp_path / "kept"), "LOGNAME": "somebody-else"}
    first, (second, status) = rollout("evidence", name, **env), asyncio.run(sealed(name, env))
    assert first.returncode == status == 0, first.stderr + second
    paths = [Path(each.splitlines()[0]) for each in (first.stdout, second)]
    assert paths[0] != paths[1]
    # Sealing twice gives the same bytes: it is recorded in the house's stream and not in the rollout's.
    assert paths[0].read_bytes() == paths[1].read_bytes()
    head = archived.records[-1].hash
    assert head in first.stdout
    checked = rollout("verify", paths[0], "--head", head)
    assert checked.returncode == 0, checked.stderr
    assert f"{len(archived.records)} records in one chain" in checked.stdout
    files = unpacked(paths[0].read_bytes())
    links = [row["permalink"] for row in rows(files, "messages.jsonl")]
    assert links
    assert all(link.startswith(f"{WORKSPACE}archives/C0ROLLOUT/p") for link in links)
    with closing(sqlite3.connect(file)) as raw:
        told = raw.execute("select kind, actor, payload from ledger where stream = 'house'").fetchall()
    assert [kind for kind, _, _ in told] == ["EvidenceSealed"] * 2
    assert [actor for _, actor, _ in told] == [f"operator/{login_name()}"] * 2
    assert json.loads(told[0][2])["facts"]["rollout"] == name
    (tmp_path / "verify.py").write_bytes(files["verify.py"])
    argv = [sys._base_executable, "-I", "-S", str(tmp_path / "verify.py"), str(paths[1]), "--head", head]
    assert subprocess.run(argv, capture_output=True, timeout=30, env={}).returncode == 0


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        (lambda payload: payload.replace(b"U-devops-0", b"U-devops-1"), "(sequence 5)"),
        (lambda _: b"\xff\xfe", "cannot be read"),
        (lambda _: b"null", "cannot be read"),
    ],
)
async def test_a_tampered_database_is_not_sealed(database, tmp_path, spoiled, why):
    file, _, name, _ = database
    copy = tmp_path / "tampered.db"
    shutil.copy(file, copy)
    with closing(sqlite3.connect(copy)) as raw:
        triggers = raw.execute("select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'ledger'")
        made = triggers.fetchall()
        for trigger, _ in made:
            raw.execute(f"drop trigger {trigger}")
        (old,) = raw.execute("select payload from ledger where sequence = 5").fetchone()
        raw.execute("update ledger set payload = ? where sequence = 5", (spoiled(old),))
        for _, sql in made:
            raw.execute(sql)
        raw.commit()
    env = {"DATABASE_URL": f"sqlite+aiosqlite:///{copy}", "ROLLOUT_ARTIFACTS": str(tmp_path / "kept")}
    words, status = await sealed(name, env)
    assert status == 1, words
    assert why in words
    assert not (tmp_path / "kept").exists()


async def test_no_database_is_made_where_none_is(tmp_path):
    words, status = await sealed("gitguard-1", {"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/none.db"})
    assert status == 2
    assert "There is no database" in words
    assert list(tmp_path.iterdir()) == []


async def test_an_unknown_rollout_is_said(database):
    words, status = await sealed("gitguard-77", {"DATABASE_URL": database[1]})
    assert status == 1
    assert "There is no rollout 'gitguard-77'" in words


def test_artifacts_lie_below_the_root_unless_they_are_told_to_lie_elsewhere():
    assert artifacts({}) == Path("artifacts")
    assert artifacts({"ROLLOUT_ROOT": "/srv/plans"}) == Path("/srv/plans/artifacts")
    assert artifacts({"ROLLOUT_ROOT": "/srv/plans", "ROLLOUT_ARTIFACTS": "/evidence"}) == Path("/evidence")
