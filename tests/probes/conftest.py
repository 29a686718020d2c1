"""Targets for probes: real servers on loopback, real commands in a temporary folder."""

import asyncio
import socket
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.plan import Approvals, Guild, Phase, ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.systems import Prometheus, Service, System
from bot.domain.verdicts import Reading
from bot.probes.reader import ProbeReader
from bot.reach.subprocesses import Allowed

AT = datetime(2025, 9, 1, 8, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]
Ask = Callable[..., Awaitable[Reading]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve one handler for every path on a port of its own; gives its address."""
    async with AsyncExitStack() as ends:

        async def start(handler: Handler) -> str:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app, shutdown_timeout=0.05)
            await runner.setup()
            ends.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}"

        yield start


@pytest.fixture
async def serve_raw() -> AsyncIterator[Serve]:
    """Serve bytes as they are, without knowing HTTP."""
    async with AsyncExitStack() as ends:

        async def start(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> str:
            open_now: set[asyncio.StreamWriter] = set()

            async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                open_now.add(writer)
                try:
                    await talk(reader, writer)
                except (ConnectionError, asyncio.CancelledError):
                    pass
                finally:
                    writer.close()

            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            ends.callback(server.close)
            ends.callback(lambda: [writer.close() for writer in open_now])
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Write a Python script below the plans' folder; gives its relative path, as a plan would name it."""

    def write(body: str) -> str:
        path = tmp_path / f"script{len(list(tmp_path.glob('script*')))}"
        path.write_text(f"#!{sys.executable} -S\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return f"./{path.name}"

    return write


@pytest.fixture
def allowed(tmp_path: Path) -> Allowed:
    return Allowed(frozenset({"sh", "env"}), tmp_path)


def phase_at(
    url: str,
    *,
    systems: Mapping[str, System] | None = None,
    targets: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    env: str | None = None,
) -> ResolvedPhase:
    known: dict[str, System] = {
        "codex": Service("service", "CODEX_URL"),
        "metrics": Prometheus("prometheus", "PROMETHEUS_URL"),
    }
    return ResolvedPhase(
        plan="gitguard",
        title="GitGuard",
        run_by="devops",
        guilds={"devops": Guild(members=("U1",))},
        systems={**known, **(systems or {})},
        phase=Phase("staging", "Staging", "try", Approvals({"devops": 1}), env=env),
        rungs={},
        files=dict(files or {}),
        targets={"CODEX_URL": url, "PROMETHEUS_URL": url, **(targets or {})},
        secrets=dict(secrets or {}),
    )


@pytest.fixture
def phase() -> Callable[..., ResolvedPhase]:
    return phase_at


@pytest.fixture
def ask(allowed: Allowed) -> Ask:
    """Read one probe; `secrets` are the bot's own environment."""

    async def read(probe: Probe, at_phase: ResolvedPhase, secrets: Mapping[str, str] | None = None) -> Reading:
        reading = await ProbeReader(allowed, secrets or {}).read(probe, at_phase, AT)
        assert reading.at == AT
        assert reading.source
        assert (reading.value is not None) or reading.trouble
        return reading

    return read
