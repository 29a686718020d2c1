"""Targets for actions: a service with an env file, restarted and deployed by real commands, and a real server."""

import json
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.actions.hands import ActionHands
from bot.domain.plan import Approvals, Guild, Phase, ResolvedPhase
from bot.domain.probes import CommandProbe
from bot.domain.quantities import Span
from bot.domain.steps import Step
from bot.domain.systems import Service
from bot.probes.reader import ProbeReader
from bot.reach.subprocesses import Allowed

AT = datetime(2025, 9, 1, 8, tzinfo=UTC)


class StandingClock:
    def now(self) -> datetime:
        return AT

    def real(self) -> datetime:
        return AT

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"an action waits for nothing, least of all {seconds} s")


@dataclass
class Target:
    """A service of a plan in one folder: `codex.env` is its file, `running.json` what it runs with."""

    root: Path
    url: str
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def env_file(self) -> Path:
        return self.root / "codex.env"

    def script(self, body: str) -> str:
        path = self.root / f"script{len(list(self.root.glob('script*')))}"
        path.write_text(f"#!{sys.executable} -S\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return f"./{path.name}"

    def restart(self) -> str:
        """A restart takes the file up and notes the key that it was given."""
        return self.script(
            "import json, os\n"
            "lines = [line.strip() for line in open('codex.env') if '=' in line and line[0] != '#']\n"
            "json.dump(lines, open('running.json', 'w'))\n"
            "open('restarts', 'a').write(os.environ['ROLLOUT_EFFECT_KEY'] + '\\n')"
        )

    def deploy(self) -> str:
        return self.script(
            "import os\nopen('version', 'w').write(os.environ['CODEX_VERSION'])\n"
            "open('deploys', 'a').write(os.environ['CODEX_VERSION'] + ' ' + os.environ['ROLLOUT_EFFECT_KEY'] + '\\n')"
        )

    def shows(self, name: str) -> CommandProbe:
        path = self.root / name
        said = self.script(f"import sys\nsys.stdout.write(open({str(path)!r}).read())")
        return CommandProbe("command", (said,), text=True, timeout=Span(seconds=5))

    def lines(self, name: str) -> list[str]:
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []

    def reports(self) -> Any:
        return json.loads((self.root / "running.json").read_text())

    def service(self, **more: Any) -> Service:
        return replace(Service("service", "CODEX_URL", "CODEX_ENV_FILE"), **more)

    def phase(self, service: Service, *steps: Step, files: Mapping[str, str] | None = None) -> ResolvedPhase:
        return ResolvedPhase(
            plan="gitguard",
            title="GitGuard",
            run_by="devops",
            guilds={"devops": Guild(members=("U1",))},
            systems={"codex": service},
            phase=Phase("staging", "Staging", "try", Approvals({"devops": 1}), env="staging.env", steps=steps),
            rungs={},
            files=dict(files or {}),
            targets={"CODEX_URL": self.url, "CODEX_ENV_FILE": str(self.env_file)},
        )


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
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
def target(tmp_path: Path) -> Target:
    return Target(tmp_path, "http://127.0.0.1:1")


@pytest.fixture
def hands(target: Target) -> ActionHands:
    allowed = Allowed(frozenset({"sh"}), target.root)
    reader = ProbeReader(allowed, target.secrets)
    return ActionHands(reader, StandingClock(), allowed, target.secrets)
