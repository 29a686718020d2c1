"""Mutants: each one-line fault in approvals and transitions is noticed by a test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = [line for line in Path(__file__).with_name("mutants.txt").read_text().splitlines() if not line.startswith("#")]
MUTANTS = [tuple(part.strip() for part in line.split(" | ")) for line in LINES]


def suite(folder):
    """Run the domain's tests on the product as it stands in `folder`."""
    quick = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest"]
    argv = [sys.executable, "-m", "pytest", *quick, "tests/domain/test_approvals.py", "tests/domain/test_moves.py"]
    env = {**os.environ, "PYTHONPATH": str(folder), "ORACLE_STRIDE": "17"}
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, env=env)


@pytest.fixture
def copy(tmp_path):
    for name in (
        "bot/domain",
        "tests/domain",
        "tests/__init__.py",
        "tests/conftest.py",
        "pyproject.toml",
        "bot/__init__.py",
    ):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path


def test_the_unchanged_product_passes(copy):
    ran = suite(copy)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(("name", "line", "mutant"), MUTANTS, ids=[f"mutant-{n}" for n in range(1, len(MUTANTS) + 1)])
def test_each_mutant_fails_a_test(copy, name, line, mutant):
    path = copy / name
    text = path.read_text()
    assert line in text, "the product's line has changed: renew the mutant"
    path.write_text(text.replace(line, mutant))
    ran = suite(copy)
    assert ran.returncode == 1, f"not noticed: {mutant}\n{ran.stdout[-2000:]}"
