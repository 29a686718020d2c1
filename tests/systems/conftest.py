"""What the tests of the sample systems share: a clock moved by hand, a running set of systems, a reader."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.clock import SandboxClock
from sandbox.systems.env_file import PREVIOUS_STABLE
from sandbox.systems.gitguard import GitGuardSystems, start_gitguard
from sandbox.systems.org_brain import OrgBrain

CANARY = """\
CODEX_PUBLISH_ENABLED=true
CODEX_PUBLISH_PORTAL=external
DOCS_PUBLISH_ENABLED=true
POLICY_TRANSPARENCY_ENABLED=true
MERMAID_GRAPHS_ENABLED=true
GRAPH_API_ENABLED=false
CODEX_REPO_INCLUDE_LIST=gitguard/platform-core,gitguard/api-gateway,gitguard/auth-service
DATABASE_URL=postgresql+psycopg://codex:${CODEX_CANARY_DB_PASSWORD}@localhost:5432/codex_canary
"""


@dataclass
class HandClock:
    """A clock that stands until it is moved."""

    speed: float = 1.0
    moment: datetime = field(default=datetime(2026, 11, 20, 10, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    body: Any


@dataclass(frozen=True)
class Reader:
    """Asks the systems over real HTTP."""

    systems: GitGuardSystems
    session: aiohttp.ClientSession

    async def ask(self, variable: str, path: str, method: str = "GET", **more: Any) -> Answer:
        url = self.systems.environment[variable] + path
        async with self.session.request(method, url, **more) as reply:
            text = await reply.text()
            body = await reply.json() if reply.content_type == "application/json" else None
            return Answer(reply.status, reply.headers, text, body)

    async def query(self, query: str) -> list[Any]:
        answer = await self.ask("PROMETHEUS_URL", "/api/v1/query", params={"query": query})
        assert answer.status == 200
        result: list[Any] = answer.body["data"]["result"]
        return result

    async def value(self, query: str) -> float:
        result = await self.query(query)
        assert len(result) == 1, (query, result)
        return float(result[0]["value"][1])

    async def run(self, *argv: str, **extra: str) -> tuple[int, str, str]:
        """Run a command of the sample host as a real process."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *argv, env={**self.systems.environment, **extra}, stdout=pipe, stderr=pipe
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


async def until(true: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 5.0) -> None:
    """Poll a running process or socket until something holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while True:
            held = true()
            if await held if isinstance(held, Awaitable) else held:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    return until


@pytest.fixture
def canary_env() -> str:
    return CANARY


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def brain(tmp_path: Path, hand_clock: HandClock) -> OrgBrain:
    env_file = tmp_path / "codex.env"
    env_file.write_text(PREVIOUS_STABLE, "utf-8")
    return OrgBrain(env_file, hand_clock)


@contextlib.asynccontextmanager
async def _running(folder: Path, *, with_nats: bool) -> AsyncIterator[Reader]:
    systems = await start_gitguard(SandboxClock(600), folder, with_nats=with_nats)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            yield Reader(systems, session)
    finally:
        await systems.close()


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    """All systems without a nats-server: events are counted only."""
    async with _running(tmp_path, with_nats=False) as running:
        yield running


@pytest.fixture
async def nats_reader(tmp_path: Path) -> AsyncIterator[Reader]:
    """All systems with the real nats-server."""
    async with _running(tmp_path, with_nats=True) as running:
        yield running
