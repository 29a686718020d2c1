"""The sample systems of the GitGuard plan, joined: one call starts all of them, one ends them."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from sandbox.systems.docs_portal import portal_app
from sandbox.systems.env_file import PREVIOUS_STABLE
from sandbox.systems.events import EventFlow
from sandbox.systems.knobs import Knobs
from sandbox.systems.loopback import LoopbackPort
from sandbox.systems.moments import Moments
from sandbox.systems.nats_server import NatsServer, find_binary, start_nats
from sandbox.systems.org_brain import OrgBrain
from sandbox.systems.org_brain_api import graph_app, service_app
from sandbox.systems.prometheus import Prometheus
from sandbox.systems.scraper import Scraper
from sandbox.systems.shims import Host
from sandbox.targets import TargetRefused

CODEX = "codex"


class GitGuardTargets:
    """The door for Drive: one system, the org-brain."""

    def __init__(self, brain: OrgBrain) -> None:
        self._brain = brain

    def systems(self) -> tuple[str, ...]:
        return (CODEX,)

    async def show(self, system: str) -> dict[str, object]:
        return self._named(system).describe()

    async def turn(self, system: str, knobs: Mapping[str, object]) -> None:
        brain = self._named(system)
        await brain.turn(brain.knobs.turned(knobs))

    async def reset(self, system: str) -> None:
        brain = self._named(system)
        await brain.turn(Knobs())
        # The keys that the probe has seen stay: forgetting them would let one effect happen twice.
        brain.effects.clear()

    def _named(self, system: str) -> OrgBrain:
        if system != CODEX:
            raise TargetRefused(f"there is no system {system!r} here, only {CODEX!r}")
        return self._brain


@dataclass(frozen=True)
class GitGuardSystems:
    """Everything that `start_gitguard` started."""

    brain: OrgBrain
    targets: GitGuardTargets
    environment: dict[str, str]
    nats: NatsServer | None
    ending: AsyncExitStack

    async def close(self) -> None:
        """End all of it in reverse order, nats-server last."""
        await self.ending.aclose()


async def start_gitguard(clock: Moments, folder: Path, *, with_nats: bool = True) -> GitGuardSystems:
    """Start the org-brain, its events, Prometheus and the host's commands below `folder`."""
    async with AsyncExitStack() as ending:
        binary = find_binary() if with_nats else None
        nats = await start_nats(binary, folder / "nats") if binary else None
        if nats is not None:
            ending.push_async_callback(nats.end)
        env_file = folder / "codex.env"
        await asyncio.to_thread(env_file.write_text, PREVIOUS_STABLE, "utf-8")
        brain = OrgBrain(env_file, clock)
        scraper = Scraper(brain)
        environment = await _open_ports(brain, scraper, folder, ending)
        if nats is not None:
            environment["CODEX_NATS_URL"] = nats.url
        flow = EventFlow(brain, clock.speed, nats.url if nats else None)
        ending.push_async_callback(flow.end)
        await flow.begin()
        ending.push_async_callback(_cancelled, asyncio.create_task(scraper.run()))
        return GitGuardSystems(brain, GitGuardTargets(brain), environment, nats, ending.pop_all())


async def _open_ports(brain: OrgBrain, scraper: Scraper, folder: Path, ending: AsyncExitStack) -> dict[str, str]:
    prometheus = Prometheus(
        scraper.history, brain.clock, silent=lambda: brain.knobs.silent_metrics, refresh=scraper.catch_up
    )
    api, graph = LoopbackPort(lambda: service_app(brain)), LoopbackPort(lambda: graph_app(brain))
    docs = LoopbackPort(lambda: portal_app(brain.portal, brain.answering))
    metrics, host = LoopbackPort(prometheus.app), Host(brain)
    brain.ports = [api, graph]
    for port in (api, graph, docs, metrics, host.port):
        ending.push_async_callback(port.release)
        await port.open()
    # Whoever still hangs at the end is let go first, so that no port waits for it.
    ending.callback(brain.answering.set)
    host.write_tools(folder / "bin")
    return {
        "CODEX_URL": api.url,
        "CODEX_GRAPH_URL": graph.url,
        "CODEX_DOCS_URL": docs.url,
        "PROMETHEUS_URL": metrics.url,
        "CODEX_ENV_FILE": str(brain.env_file),
        "PATH": os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", os.defpath)]),
    }


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
