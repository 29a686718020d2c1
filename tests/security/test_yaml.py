"""Hostile YAML: no plan runs code, grows without end, or keeps the process that acts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.plans.loader import SIZE_CAP
from tests.security.changing import FILES
from tests.security.counts import counted, dice
from tests.security.yaml_cases import CANARY, every

ROOT = Path(__file__).resolve().parents[2]
SECONDS, MEBIBYTES, WORDS = 1.0, 100, 200_000


def read_all(folder):
    """Read them in a process of its own, whose growth is theirs alone."""
    argv = [sys.executable, "-m", "tests.security.yaml_reader", str(folder)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "sound.yml").write_text(FILES["plans/small.yml"])
    return tmp_path


@counted(300)
def test_no_hostile_plan_runs_grows_or_lingers(folder, cases, record_property):
    thrown = dice()
    families = every(thrown.random, SIZE_CAP - 4096)
    chosen = [raw for family in families for raw in thrown.spread(family, -(-cases // len(families)))]
    for number, raw in enumerate(chosen):
        (folder / f"{number:04}.plan").write_bytes(raw)
    before = {path.name for path in folder.rglob("*")}
    told = read_all(folder)
    assert len(told) == len(chosen)
    ran = [each for each in told if each[5]]
    slow = [each[:2] for each in told if each[1] > SECONDS]
    grown, loud = max(each[2] for each in told), [each[0] for each in told if each[3] > WORDS]
    assert not ran, f"seed {thrown.seed}: {ran[:3]}"
    assert not slow, f"seed {thrown.seed}: {slow}"
    assert not loud, f"seed {thrown.seed}: {loud}"
    assert grown <= MEBIBYTES, f"seed {thrown.seed}: {grown} MiB"
    assert {path.name for path in folder.rglob("*")} == before
    refused = sum(not each[4].startswith("read as") for each in told)
    longest = max(each[1] for each in told)
    record_property(
        "figure",
        f"{len(told)} hostile plans: 0 ran code, {refused} refused, {len(told) - refused} read as text, at most "
        f"{longest:.2f} s and {grown:.0f} MiB more; seed {thrown.seed}",
    )


def test_the_reader_would_tell_of_code_that_runs(folder):
    """The control: the same process, with a loader of the kind that runs tags, is seen to run one."""
    import ruamel.yaml

    (folder / "0.plan").write_text(f'!!python/object/apply:os.system ["touch {CANARY}"]')
    watcher = (ROOT / "tests/security/yaml_reader.py").read_text().replace("load(path, folder).name", "unsafe(path)")
    unsafe = (
        "def unsafe(path):\n"
        "    import ruamel.yaml\n"
        "    yaml = ruamel.yaml.YAML(typ='unsafe', pure=True)\n"
        "    return yaml.load(path.read_text())\n"
    )
    script = folder / "unsafe_reader.py"
    script.write_text(watcher.replace("\n\nmain()\n", f"\n\n{unsafe}\n\nmain()\n"))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script, folder], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert ruamel.yaml
    assert "os.system" in done.stdout, done.stderr
    assert (folder / CANARY).exists()
