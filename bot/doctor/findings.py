"""Findings: what one check saw, whether that is well, and what to do where it is not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LIMIT: Final = 15.0


class State(StrEnum):
    """How it stands; only `FAIL` makes the examination fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One line of the report. Whatever is neither ok nor skipped has a remedy, in one sentence."""

    check: str
    state: State
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """One examination; `limit` is its time in seconds."""

    name: str
    run: Callable[[], Awaitable[list[Finding]]]
    limit: float = LIMIT


def ok(check: str, found: str) -> list[Finding]:
    return [Finding(check, State.OK, found)]


def warn(check: str, found: str, remedy: str) -> list[Finding]:
    return [Finding(check, State.WARN, found, remedy)]


def fail(check: str, found: str, remedy: str) -> list[Finding]:
    return [Finding(check, State.FAIL, found, remedy)]


def skipped(check: str, why: str) -> list[Finding]:
    return [Finding(check, State.SKIPPED, why)]
