"""A real database file for every storage test."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.opened import Memory, opened
from tests.storage.samples import PLAN, HandClock, opening


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rollouts.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def memory(url: str, clock: HandClock) -> AsyncIterator[Memory]:
    async with opened(url, clock) as memory:
        await memory.lease.acquire()
        yield memory


@pytest.fixture
async def name(memory: Memory) -> str:
    """A rollout that was just opened."""
    change = await memory.rollouts.open(PLAN, opening)
    return change.rollout.name


@pytest.fixture
def raw(memory: Memory, file: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection to the same file."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        yield connection
