"""The org-brain (`codex`): a service that runs with what its env file held when it was last started."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sandbox.systems.docs_portal import Portal
from sandbox.systems.effects import Effect, EffectKind
from sandbox.systems.env_file import is_on, parse_env
from sandbox.systems.inventory import INVENTORY, included
from sandbox.systems.knobs import Knobs
from sandbox.systems.loopback import LoopbackPort
from sandbox.systems.meters import Meters
from sandbox.systems.moments import Moments
from sandbox.systems.workload import EVENT_TYPES, Workload

PREVIOUS_VERSION = "1.4.0"
EVENTS_PER_SECOND = 60.0

# It was up before anybody looked: a rollout finds a service with a past, not one that has just begun.
UP_BEFORE = timedelta(hours=3)


class StartFailedError(Exception):
    """The service could not start; the text says why, and it is down now."""


@dataclass(frozen=True)
class Run:
    """One life of the process, from a start to the next stop."""

    repos: frozenset[str]
    workload: Workload
    mermaid: bool
    policy_source: bool
    graph_api: bool


class OrgBrain:
    """The service's state; its ports and its events are joined to it from outside."""

    def __init__(self, env_file: Path, clock: Moments) -> None:
        self.env_file = env_file
        self.clock = clock
        self.knobs = Knobs()
        self.version = PREVIOUS_VERSION
        self.environment: dict[str, str] = parse_env(env_file.read_text("utf-8"))
        self.effects: list[Effect] = []
        self.probes: set[str] = set()
        self.ports: list[LoopbackPort] = []
        self.portal = Portal(built_at=clock.now() - UP_BEFORE)
        # Cleared while the hang knob is on; whoever serves a request waits for it.
        self.answering = asyncio.Event()
        self.answering.set()
        self._changing = asyncio.Lock()
        self.run: Run | None = self._new_run(began=(clock.now() - UP_BEFORE).timestamp())

    @property
    def running(self) -> bool:
        return self.run is not None

    @property
    def working(self) -> bool:
        """True while it runs and no knob keeps it from its work."""
        return self.running and not self.knobs.sick

    @property
    def reported(self) -> dict[str, str]:
        """The environment that it says it runs with; a knob can make it lie."""
        return {**self.environment, **self.knobs.wrong_flags}

    def process(self, repo: str, event_type: str, amount: float) -> None:
        """Work on events of one repository; those of repositories that are left out are passed over."""
        run = self.run
        if run is None or repo not in run.repos:
            return
        run.workload.take(event_type, amount)
        self._publish(run)

    def live_through(self, seconds: float) -> None:
        """Take the events of a span that was skipped, as if it had passed evenly."""
        run = self.run
        if run is None or not self.working:
            return
        share = len(run.repos) / len(INVENTORY)
        for event_type in EVENT_TYPES:
            weight = 2 / 3 if event_type == "pull_request" else 1 / 3
            run.workload.take(event_type, seconds * EVENTS_PER_SECOND * share * weight)
        self._publish(run)

    async def open_ports(self) -> None:
        for port in self.ports:
            await port.open()

    async def turn(self, knobs: Knobs) -> None:
        """Set all knobs; an answer that hung is given once the knob goes back."""
        async with self._changing:
            self.knobs = knobs
            if knobs.hang:
                self.answering.clear()
            else:
                self.answering.set()
            await self._fit_ports()

    async def restart(self, key: str | None, *, reread: bool = True) -> None:
        """Stop and start again; without `reread` it keeps the environment that it had."""
        if self.knobs.ignore_restart:
            self._record(EffectKind.RESTART, "answered, but nothing was restarted", key)
            return
        async with self._changing:
            await self._end()
            await self._begin(reread=reread)
            self._record(EffectKind.RESTART, self._says(), key)

    async def stop(self, key: str | None) -> None:
        async with self._changing:
            await self._end()
            self._record(EffectKind.STOP, self.version, key)

    async def start(self, key: str | None, *, reread: bool = True) -> None:
        async with self._changing:
            if self.run is None:
                await self._begin(reread=reread)
            self._record(EffectKind.START, self._says(), key)

    async def deploy(self, version: str, key: str | None) -> None:
        """Run this version from now on, with the env file as it is now."""
        async with self._changing:
            await self._end()
            self.version = version
            await self._begin(reread=True)
            self._record(EffectKind.DEPLOY, self._says(), key)

    def probe(self, key: str) -> bool:
        """Have an effect once per key; False when this key already had it."""
        if key in self.probes:
            return False
        self.probes.add(key)
        self._record(EffectKind.HTTP, "POST /codex/probe", key)
        return True

    def describe(self) -> dict[str, object]:
        """Knobs and state, as Drive shows them."""
        return {
            **vars(self.knobs),
            "running": self.running,
            "version": self.version,
            "flags": self.reported,
            "effects": [effect.as_json() for effect in self.effects],
            "graph_api": self.run is not None and self.run.graph_api,
        }

    async def _begin(self, *, reread: bool) -> None:
        if reread:
            try:
                self.environment = parse_env(self.env_file.read_text("utf-8"))
            except (OSError, UnicodeDecodeError) as why:
                raise StartFailedError(f"the env file {self.env_file.name} cannot be read: {why}") from why
        self.run = self._new_run(began=self.clock.now().timestamp())
        await self._fit_ports()

    async def _end(self) -> None:
        self.run = None
        await self._fit_ports()

    async def _fit_ports(self) -> None:
        for port in self.ports:
            if self.run is None or self.knobs.refuse:
                await port.close()
            else:
                await port.open()

    def _new_run(self, began: float) -> Run:
        env = self.environment
        publishes = (
            is_on(env, "CODEX_PUBLISH_ENABLED")
            and env.get("CODEX_PUBLISH_PORTAL") == "external"
            and is_on(env, "DOCS_PUBLISH_ENABLED")
        )
        return Run(
            repos=included(env.get("CODEX_REPO_INCLUDE_LIST", "")),
            workload=Workload(Meters(began), publishes=publishes, knobs=lambda: self.knobs),
            mermaid=is_on(env, "MERMAID_GRAPHS_ENABLED"),
            policy_source=is_on(env, "POLICY_TRANSPARENCY_ENABLED"),
            graph_api=is_on(env, "GRAPH_API_ENABLED"),
        )

    def _publish(self, run: Run) -> None:
        if run.workload.publishes:
            self.portal.publish(self.clock.now(), mermaid=run.mermaid, policy_source=run.policy_source)

    def _record(self, kind: EffectKind, detail: str, key: str | None) -> None:
        self.effects.append(Effect(kind, detail, key, self.clock.now()))

    def _says(self) -> str:
        return f"{self.version} with {_flags(self.environment)}"


def _flags(environment: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={environment[key]}" for key in environment if key.startswith("CODEX_PUBLISH"))
