"""Real commands in a temporary folder of plans."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.reach.subprocesses import Allowed


@pytest.fixture
def allowed(tmp_path: Path) -> Allowed:
    return Allowed(frozenset({"sh", "env"}), tmp_path)


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Write a Python script below the plans' folder; gives its relative path, as a plan would name it."""

    def write(body: str) -> str:
        path = tmp_path / f"script{len(list(tmp_path.glob('script*')))}"
        path.write_text(f"#!{sys.executable} -S\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return f"./{path.name}"

    return write
