"""The door of `rollout doctor`: the environment in, the report out, and whether nothing failed."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.doctor.examining import examine, stands
from bot.doctor.house import Librarian, enter
from bot.doctor.telling import as_json, lines
from bot.settings import Settings, SettingsFault


def report(environ: Mapping[str, str], librarian: Librarian, files: list[Path], *, json: bool) -> tuple[str, bool]:
    """Examine everything that this environment names, and write it down."""
    house = enter(environ, librarian, tuple(files), _unfit())
    findings = asyncio.run(examine(house))
    return as_json(findings) if json else "\n".join(lines(findings)), stands(findings)


def _unfit() -> str:
    try:
        Settings.read()
    except SettingsFault as fault:
        return str(fault)
    return ""
