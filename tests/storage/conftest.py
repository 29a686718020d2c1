"""A real database for every storage test, of each kind."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from storage.opened import Memory, opened
from tests.storage.raw import Raw
from tests.storage.samples import PLAN, HandClock, opening
from tests.storage.servers import postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request) -> str:
    return request.param


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rollouts.db"


@pytest.fixture
def blank(kind, file, request) -> str:
    """The address of a database that nobody has used yet."""
    return f"sqlite:///{file}" if kind == "sqlite" else request.getfixturevalue("postgres").blank()


@pytest.fixture
def url(kind, file, request) -> str:
    """The address of a database of the test's own, at the newest revision or new."""
    return f"sqlite:///{file}" if kind == "sqlite" else request.getfixturevalue("postgres").fresh()


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
def raw(memory: Memory, url: str) -> Iterator[Raw]:
    """Another program's connection to the same database."""
    with closing(Raw(url)) as connection:
        yield connection


@pytest.fixture
def later(clock: HandClock, raw: Raw):
    """Lets time pass for the lease, on whichever clock it is judged."""

    def pass_by(span: timedelta) -> None:
        clock.wall += span
        if raw.kind == "postgresql":
            raw.age_lease(span)

    return pass_by
