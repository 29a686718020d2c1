"""Meters: what the bot counts and measures of itself, for Prometheus; no secret and no person is ever a label."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import prometheus_client as prometheus
from aiohttp import web

from bot.domain.backlog import Backlog
from bot.domain.entries import Entry, Happened
from bot.domain.plan import Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.ports import Busy, Change, Clock, Decide, Orders, RolloutStore, Snapshot

LOOPBACK: Final = "127.0.0.1"
# Slack gives three seconds; what is above the second of these is to be looked at.
_ACKS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)
_EFFECTS: Final = frozenset({Happened.STEP_DONE, Happened.STEP_FAILED})


class Figures(Protocol):
    """Counting what waits in the store."""

    async def backlog(self, streams: Sequence[str], *, now: datetime, real: datetime) -> Backlog: ...


class Held(Protocol):
    """Who holds the lease, or held it last."""

    @property
    def fence(self) -> int: ...

    @property
    def alive(self) -> bool: ...


@dataclass
class Meters:
    """Every figure of one process, in a registry of its own."""

    clock: Clock
    registry: prometheus.CollectorRegistry = field(default_factory=prometheus.CollectorRegistry)
    _up_since: datetime | None = None
    _ups: int = 0
    _oldest: tuple[int, datetime] | None = None

    def __post_init__(self) -> None:
        self.deliveries = self._counter("deliveries", "What Slack delivered.", "kind", "outcome")
        self.acks = prometheus.Histogram(
            "rollout_ack_seconds", "From a delivery to its answer.", ("kind",), buckets=_ACKS, registry=self.registry
        )
        self.effects = self._counter("effects", "Steps that ended, by how.", "ladder", "outcome")
        self.verdicts = self._counter("verdict_changes", "Gates whose verdict changed, by what to.", "outcome")
        self.sockets = self._counter("socket_rebuilt", "Sockets to Slack that were made anew.")
        self.rollouts = self._gauge("phases", "Phases of live rollouts, by state.", "state")
        self.ages = self._gauge(
            "phase_age_seconds", "Since the phase came into its state.", "rollout", "phase", "state"
        )
        self.held = self._gauge("phases_held", "Phases that are held.")
        self.approvals = self._gauge(
            "approvals_missing", "Approvals that a proposed phase waits for.", "rollout", "phase"
        )
        self.gates = self._gauge("gates", "Gates of live rollouts, by their last verdict.", "outcome")
        self.outbox = self._gauge("outbox_waiting", "Messages that wait for Slack.")
        self.oldest = self._gauge("outbox_oldest_seconds", "How long the first of them is known to have waited.")
        self.refused = self._gauge("outbox_refused", "Messages that Slack has refused for good.")
        self.timers = self._gauge("timers", "Timers that wait.")
        self.due = self._gauge("timers_due", "Timers whose moment has come.")
        self.orders = self._gauge("orders_waiting", "Orders of the host's operator that are not answered.")
        self.connected = self._gauge("socket_connected", "Whether there is a socket to Slack.")
        self.socket_age = self._gauge("socket_age_seconds", "How long this socket has stood.")
        self.lease = self._gauge("lease_held", "Whether some process holds the lease.")
        self.acting = self._gauge("acting", "Whether this process is the one that acts.")
        self.fence = self._gauge("lease_fence", "The lease's fencing number.")
        self.head = self._gauge("ledger_head", "The newest sequence of each live rollout's ledger.", "stream")
        self.alarms = self._gauge("alarm", "Troubles that stand, by name.", "name")
        self.stale = self._gauge("scrape_failed", "Whether the store could not be read for this scrape.")

    def delivered(self, kind: str, outcome: str, seconds: float) -> None:
        """One delivery was answered."""
        self.deliveries.labels(kind, outcome).inc()
        self.acks.labels(kind).observe(seconds)

    def socket(self, why: str) -> None:
        """There is a socket now (""), or there is none, and why."""
        if why:
            self._up_since = None
        elif self._up_since is None:
            self._up_since = self.clock.real()
            self._ups += 1
            if self._ups > 1:
                self.sockets.inc()

    def trouble(self, name: str) -> None:
        """An alarm began."""
        self.alarms.labels(name).set(1)

    def over(self, name: str) -> None:
        """An alarm is over."""
        self.alarms.labels(name).set(0)

    def wrote(self, change: Change) -> None:
        """Something was recorded: effects that ended and verdicts that changed are in its entries."""
        for entry in change.entries:
            if entry.kind in _EFFECTS:
                self.effects.labels(str(entry.facts.get("ladder") or "unknown"), _outcome(entry)).inc()
            elif entry.kind is Happened.VERDICT_CHANGED:
                self.verdicts.labels(str(entry.facts.get("outcome") or "unknown")).inc()

    def waited(self, place: int | None) -> float:
        """Seconds since this message was first seen at the queue's head; rows do not say when they were written."""
        real = self.clock.real()
        if place is None:
            self._oldest = None
            return 0.0
        if self._oldest is None or self._oldest[0] != place:
            self._oldest = place, real
        return (real - self._oldest[1]).total_seconds()

    def text(self) -> bytes:
        """Everything in Prometheus' format."""
        age = (self.clock.real() - self._up_since).total_seconds() if self._up_since else 0.0
        self.connected.set(self._up_since is not None)
        self.socket_age.set(age)
        made: bytes = prometheus.generate_latest(self.registry)
        return made

    def _counter(self, name: str, words: str, *labels: str) -> prometheus.Counter:
        return prometheus.Counter(f"rollout_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> prometheus.Gauge:
        return prometheus.Gauge(f"rollout_{name}", words, labels, registry=self.registry)


def _outcome(entry: Entry) -> str:
    return str(entry.facts.get("stage") or ("done" if entry.kind is Happened.STEP_DONE else "halted"))


@dataclass(frozen=True)
class Sources:
    """What is asked at a scrape; `holder` reads the lease, `fence` is this process's own number, None without one."""

    rollouts: RolloutStore
    orders: Orders
    figures: Figures
    holder: Callable[[], Awaitable[Held | None]]
    fence: Callable[[], int | None]
    clock: Clock


async def refresh(meters: Meters, sources: Sources) -> None:
    """Read from the store what is true now; where it cannot be read, say so and keep the figures of before."""
    try:
        live = await sources.rollouts.live()
        orders = await sources.orders.waiting()
        streams = [f"rollout/{seen.rollout.name}" for seen in live]
        backlog = await sources.figures.backlog(streams, now=sources.clock.now(), real=sources.clock.real())
        holder = await sources.holder()
    except Busy:
        meters.stale.set(1)
        return
    meters.stale.set(0)
    _phases(meters, live, sources.clock.now())
    meters.orders.set(len(orders))
    meters.outbox.set(backlog.waiting)
    meters.oldest.set(meters.waited(backlog.oldest))
    meters.refused.set(backlog.refused)
    meters.timers.set(backlog.timers)
    meters.due.set(backlog.due)
    meters.head.clear()
    for stream, head in backlog.heads.items():
        meters.head.labels(stream).set(head)
    meters.lease.set(bool(holder and holder.alive))
    meters.fence.set(holder.fence if holder else 0)
    meters.acting.set(sources.fence() is not None)


def _phases(meters: Meters, live: tuple[Snapshot, ...], now: datetime) -> None:
    for each in (meters.rollouts, meters.ages, meters.approvals, meters.gates):
        each.clear()
    states = Counter(run.state for seen in live for run in seen.rollout.phases)
    for state in State:
        meters.rollouts.labels(state.value).set(states[state])
    meters.held.set(sum(run.hold is not None for seen in live for run in seen.rollout.phases))
    for outcome, number in Counter(one.verdict.outcome.value for seen in live for one in seen.board.standings).items():
        meters.gates.labels(outcome).set(number)
    for seen in live:
        for run in seen.rollout.phases:
            if run.changed_at:
                age = (now - run.changed_at).total_seconds()
                meters.ages.labels(seen.rollout.name, run.phase, run.state.value).set(age)
            if run.state is State.PROPOSED and run.request:
                missing = sum(run.request.missing().values())
                meters.approvals.labels(seen.rollout.name, run.phase).set(missing)


@dataclass(frozen=True)
class Counting:
    """A rollout store that passes everything on and has the meters count what was written."""

    store: RolloutStore
    meters: Meters

    async def open(self, plan: Plan, decide: Callable[[str], Change]) -> Change | Refusal:
        written = await self.store.open(plan, decide)
        if isinstance(written, Change):
            self.meters.wrote(written)
        return written

    async def change(self, name: str, decide: Decide) -> Change | Refusal | None:
        written = await self.store.change(name, decide)
        if isinstance(written, Change):
            self.meters.wrote(written)
        return written

    async def load(self, name: str) -> Snapshot | None:
        return await self.store.load(name)

    async def live(self, plan: str | None = None) -> tuple[Snapshot, ...]:
        return await self.store.live(plan)


class Alarm(Protocol):
    """Tells people beyond Slack; neither waits nor raises."""

    def trouble(self, name: str, text: str) -> None: ...

    def over(self, name: str, text: str) -> None: ...


@dataclass(frozen=True)
class Ringing:
    """Alarms that pass everything on and show on the meters."""

    alarm: Alarm
    meters: Meters

    def trouble(self, name: str, text: str) -> None:
        self.meters.trouble(name)
        self.alarm.trouble(name, text)

    def over(self, name: str, text: str) -> None:
        self.meters.over(name)
        self.alarm.over(name, text)


@asynccontextmanager
async def serve_metrics(port: int, meters: Meters, sources: Sources) -> AsyncIterator[int]:
    """Answer `/metrics` on the loopback address; gives the port that was taken."""

    async def metrics(_request: web.Request) -> web.Response:
        await refresh(meters, sources)
        return web.Response(body=meters.text(), headers={"Content-Type": prometheus.CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
