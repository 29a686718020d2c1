"""The flags step: written whole, restarted, and proved by what the service reports."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.actions.writing import NotWritten, write_whole
from bot.domain.gates import Check
from bot.domain.quantities import Span
from bot.domain.steps import FlagsStep
from bot.ports import ActionFailed, Unreachable

PLAN = "# staging\nA=1\nPORTAL=external\nDATABASE_URL=postgresql://u:${PW}@h/db\n"
BEFORE = "A=0\n"
KEY = "gitguard-1/staging/1/forward/0"


def step(**more) -> FlagsStep:
    return FlagsStep("flags", "codex", **more)


@pytest.fixture
def phase(target):
    def at(**service):
        target.env_file.write_text(BEFORE)
        known = {"restart": (target.restart(),), "reports": target.shows("running.json"), **service}
        return target.phase(target.service(**known), files={"staging.env": PLAN})

    return at


async def test_the_file_of_the_plan_is_written_and_the_service_restarted(hands, target, phase) -> None:
    at = phase()
    sealed = await hands.seal(step(), at)
    assert sealed == {"before": hashlib.sha256(BEFORE.encode()).hexdigest()}
    said = await hands.act(step(), at, KEY, sealed)
    assert said.startswith("wrote codex.env of codex, ran ./script")
    assert target.env_file.read_text() == PLAN
    assert target.lines("restarts") == [KEY]
    found = await hands.happened(step(), at, KEY, sealed)
    assert (found.shown, "3 declared" in found.says) == (True, True)


async def test_before_the_step_its_effect_does_not_show(hands, phase) -> None:
    assert (await hands.happened(step(), phase(), KEY, {})).shown is False


async def test_written_but_not_restarted_does_not_show(hands, target, phase) -> None:
    at = phase()
    target.env_file.write_text(PLAN)
    (target.root / "running.json").write_text('["A=0"]')
    found = await hands.happened(step(), at, KEY, {})
    assert (found.shown, "running service: A, PORTAL" in found.says) == (False, True)


async def test_a_service_that_cannot_be_asked_leaves_it_unknown(hands, target, phase) -> None:
    at = phase()
    target.env_file.write_text(PLAN)
    assert (await hands.happened(step(), at, KEY, {})).shown is None
    silent = phase(reports=None)
    target.env_file.write_text(PLAN)
    assert (await hands.happened(step(), silent, KEY, {})).shown is None


async def test_a_proof_stands_for_a_service_that_reports_nothing(hands, target, phase) -> None:
    at = phase(reports=None)
    target.env_file.write_text(PLAN)
    (target.root / "portal").write_text("external")
    proof = Check(probe=target.shows("portal"), equals="external")
    assert (await hands.happened(step(proof=(proof,)), at, KEY, {})).shown is True
    wrong = Check(probe=target.shows("portal"), equals="internal")
    assert (await hands.happened(step(proof=(proof, wrong)), at, KEY, {})).shown is False
    dark = Check(probe=target.shows("absent"), equals="external")
    assert (await hands.happened(step(proof=(proof, dark)), at, KEY, {})).shown is None


async def test_a_proof_beside_the_report_must_hold_as_well(hands, target, phase) -> None:
    at = phase()
    await hands.act(step(), at, KEY, {})
    (target.root / "portal").write_text("internal")
    wrong = Check(probe=target.shows("portal"), equals="external")
    assert (await hands.happened(step(proof=(wrong,)), at, KEY, {})).shown is False


async def test_single_keys_are_set_in_the_file_of_the_target(hands, target, phase) -> None:
    at, off = phase(), step(sets={"PORTAL": "off", "A": "1"})
    target.env_file.write_text("# mine\nA=0\nKEEP=me\n")
    sealed = await hands.seal(off, at)
    assert (await hands.happened(off, at, KEY, sealed)).shown is False
    await hands.act(off, at, KEY, sealed)
    assert target.env_file.read_text() == "# mine\nA=1\nKEEP=me\nPORTAL=off\n"
    assert (await hands.happened(off, at, KEY, sealed)).shown is True
    await hands.act(off, at, KEY, sealed)
    assert target.env_file.read_text() == "# mine\nA=1\nKEEP=me\nPORTAL=off\n"


async def test_a_file_of_its_own_goes_before_the_one_of_the_phase(hands, target, phase) -> None:
    at = phase()
    at.files["off.env"] = "A=9\n"
    await hands.act(step(env="off.env", sets={"B": "2"}), at, KEY, {})
    assert target.env_file.read_text() == "A=9\nB=2\n"


async def test_a_hand_that_wrote_in_between_is_told_of(hands, target, phase) -> None:
    at = phase()
    sealed = await hands.seal(step(), at)
    target.env_file.write_text("A=by-hand\n")
    assert "somebody else had changed it" in await hands.act(step(), at, KEY, sealed)
    assert "somebody else" not in await hands.act(step(), at, KEY, sealed)


async def test_mode_and_bytes_are_kept(hands, target, phase) -> None:
    at = phase()
    target.env_file.chmod(0o640)
    await hands.act(step(), at, KEY, {})
    assert target.env_file.stat().st_mode & 0o7777 == 0o640
    assert sorted(path.name for path in target.root.glob(".*")) == []


@pytest.mark.parametrize("kind", ["link", "missing", "folder", "pipe"])
async def test_what_is_no_plain_file_is_refused(hands, target, phase, kind) -> None:
    at = phase()
    target.env_file.unlink()
    real = target.root / "real.env"
    real.write_text(BEFORE)
    if kind == "link":
        target.env_file.symlink_to(real)
    if kind == "folder":
        target.env_file.mkdir()
    if kind == "pipe":
        os.mkfifo(target.env_file)
    for attempt in (hands.seal(step(), at), hands.act(step(), at, KEY, {})):
        with pytest.raises(ActionFailed):
            await attempt
    assert real.read_text() == BEFORE
    assert target.lines("restarts") == []
    assert (await hands.happened(step(), at, KEY, {})).shown is None


def test_the_writer_itself_refuses_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(NotWritten, match="symbolic link"):
        write_whole(tmp_path / "link", "new")
    assert (tmp_path / "real").read_text() == "old"


async def test_a_restart_that_could_not_run_writes_nothing(hands, target, phase) -> None:
    at = phase(restart=("systemctl", "restart", "codex"))
    with pytest.raises(ActionFailed, match="not among the allowed"):
        await hands.act(step(), at, KEY, {})
    assert target.env_file.read_text() == BEFORE


async def test_a_restart_that_fails_or_hangs_is_told_apart(hands, target, phase) -> None:
    failing = phase(restart=(target.script("import sys\nsys.exit('no such unit')"),))
    with pytest.raises(ActionFailed, match="exit code 1: no such unit"):
        await hands.act(step(), failing, KEY, {})
    hanging = phase(restart=(target.script("import time\ntime.sleep(60)"),), restart_timeout=Span(milliseconds=200))
    with pytest.raises(Unreachable, match="was stopped"):
        await hands.act(step(), hanging, KEY, {})


async def test_a_plan_file_outside_of_the_approved_copy_is_refused(hands, target, phase) -> None:
    at = phase()
    with pytest.raises(ActionFailed, match="not part of the approved copy"):
        await hands.act(step(env="other.env"), at, KEY, {})
    target.env_file.write_text("A=1\nA=2\n")
    with pytest.raises(ActionFailed, match="given twice"):
        await hands.act(step(sets={"A": "3"}), at, KEY, {})
    assert target.env_file.read_text() == "A=1\nA=2\n"


@pytest.mark.parametrize("where", ["fsync", "replace", "fchmod"])
def test_a_kill_before_the_rename_keeps_the_old_file_whole(tmp_path: Path, where: str) -> None:
    path = tmp_path / "codex.env"
    path.write_text("old\n")
    dying = (
        f"import os, signal\nfrom pathlib import Path\nfrom bot.actions.writing import write_whole\n"
        f"os.{where} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write_whole(Path({str(path)!r}), 'new' * 100000)"
    )
    ended = subprocess.run([sys.executable, "-c", dying], cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old\n"
    write_whole(path, "new\n")
    assert (path.read_text(), [each.name for each in tmp_path.iterdir()]) == ("new\n", ["codex.env"])


def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "codex.env"
    path.write_text("old\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotWritten, match="No space left on device; it is as it was"):
        write_whole(path, "new\n")
    assert (path.read_text(), [each.name for each in tmp_path.iterdir()]) == ("old\n", ["codex.env"])
