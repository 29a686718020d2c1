"""The composition root: the one place where real things are made and joined."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Final

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.hands import ActionHands
from bot.alarms import Alarms, Channel, Mail, Webhook
from bot.announcer import Announcer
from bot.evidence.keeping import Shelf
from bot.evidence.sealing import Sealer
from bot.jobs.clock import SandboxClock, WallClock
from bot.jobs.orders import Orderly
from bot.jobs.pulse import KillAt, no_pulse
from bot.jobs.stirring import Patient, Stirring
from bot.jobs.waking import Waker
from bot.jobs.working import Speaker, Workers
from bot.logs import log_to_stderr, secrets_of
from bot.meters import Counting, Meters, Ringing, Sources, serve_metrics
from bot.plans.library import PlanLibrary
from bot.plans.shelf import DiskShelf
from bot.ports import Beat, Busy, Clock, LostLease, Pulse, RolloutStore
from bot.probes.reader import ProbeReader
from bot.probes.sheet import EnvSheet
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed
from bot.settings import OWN_SECRETS, Settings
from bot.voice import SlackVoice
from bot.workflows.addressing import Addressees
from bot.workflows.due import Firing
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates
from bot.workflows.office import Office
from bot.workflows.ordering import Ordering
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.recovery import Recovery
from bot.workflows.rollback import Rollbacks
from bot.workflows.telling import Subscribers, Telling
from commands.acquaintances import Acquaintances
from commands.belonging import SlackBelonging
from commands.connection import Entrance, HttpConnection, SocketConnection
from commands.directory import SlackDirectory
from commands.evidence import SlackCourier
from commands.home import Homes, SlackTabs
from commands.identity import Passport
from commands.served import Server
from commands.signing import Seal
from commands.slackclient import SlackClient
from storage.figures import Figures
from storage.opened import Memory, opened

log: Final = structlog.get_logger()
LOOK_AT_PLANS_S: Final = 0.25
_SLACK_ANSWERS_S: Final = 30.0
# The default looks at every object that was made since the start, again and again: a tenth of what a command costs.
_COLLECT_AFTER: Final = (5_000, 20, 50)


@dataclass(frozen=True)
class World:
    """Everything outside that workflows are joined with."""

    settings: Settings
    clock: WallClock
    memory: Memory
    web: AsyncWebClient
    probes: ProbeReader
    hands: ActionHands
    shelf: DiskShelf
    directory: SlackDirectory
    pulse: Pulse
    server: Server | None
    alarms: Alarms
    meters: Meters


@dataclass(frozen=True)
class Flows:
    """The workflows over one store: the doors' gives up soon, the loops' waits its turn."""

    proposals: Proposals
    gates: Gates
    progress: Progress
    rollbacks: Rollbacks


@dataclass
class Loops:
    """What runs for as long as the process lives, and the bells that wake it."""

    tasks: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def run(self) -> None:
        """Run until a loop ends, which only the end of the process or a lost lease makes it do."""
        async with asyncio.TaskGroup() as group:
            for loop in self.tasks:
                group.create_task(_endless(loop))


async def _endless(loop: Callable[[], Awaitable[None]]) -> None:
    await loop()
    raise LostLease("a loop ended")


async def serve(settings: Settings) -> int:
    """Run the bot until it is told to stop; the exit status says how it ended."""
    log_to_stderr(settings.log_level, style=settings.log_format, secrets=secrets_of(settings, os.environ))
    for own in OWN_SECRETS:
        os.environ.pop(own, None)  # a plan may name variables for its commands; these are never among them
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    running = asyncio.create_task(_serve(settings))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return 0


async def _serve(settings: Settings) -> None:
    """Stand by for the lease, act while it is ours, and stand by again when another process took it."""
    clock = await _clock(settings)
    server = _server(settings, clock)
    meters = Meters(clock)
    async with (
        server.serving() if server else nullcontext(),
        opened(settings.database_url, clock) as memory,
        _metrics(settings, clock, memory, meters),
    ):
        while True:
            await _leased(memory, clock)
            log.info("lease.taken", fence=memory.lease.fence)
            await _acted(settings, clock, memory, server, meters)


def _metrics(
    settings: Settings, clock: WallClock, memory: Memory, meters: Meters
) -> AbstractAsyncContextManager[int | None]:
    """The port for Prometheus, if one is set; a standby answers there as well."""
    if settings.metrics_port is None:
        return nullcontext()
    lease, figures = memory.lease, Figures(memory.database)
    sources = Sources(memory.rollouts, memory.orders, figures, lease.read, lambda: lease.fence, clock)
    return serve_metrics(settings.metrics_port, meters, sources)


async def _acted(settings: Settings, clock: WallClock, memory: Memory, server: Server | None, meters: Meters) -> None:
    """Be the process that acts; returns when the lease is lost, and everything that acted has been stopped."""
    try:
        async with _world(settings, clock, memory, server, meters) as world:
            loops = await _joined(world)
            gc.freeze()  # what stands by now stays for as long as the process acts
            gc.set_threshold(*_COLLECT_AFTER)
            await loops.run()
    except LostLease as lost:
        log.warning("lease.lost", why=str(lost))
    except ExceptionGroup as ended:
        lost_lease, rest = ended.split(LostLease)
        if rest is not None:
            raise rest from None
        log.warning("lease.lost", why=str(lost_lease))


async def _clock(settings: Settings) -> WallClock:
    if not settings.clock_url:
        return WallClock()
    clock = SandboxClock(url=settings.clock_url)
    async with aiohttp.ClientSession() as session:
        await clock.read(session)
    return clock


async def _leased(memory: Memory, clock: Clock) -> None:
    """Wait for the lease: one process acts at a time."""
    waits = False
    while await _acquired(memory) is None:
        if not waits:
            log.info("lease.waiting")
        waits = True
        await clock.sleep(0.5)


async def _acquired(memory: Memory) -> int | None:
    try:
        return await memory.lease.acquire()
    except Busy:
        return None


@asynccontextmanager
async def _world(
    settings: Settings, clock: WallClock, memory: Memory, server: Server | None, meters: Meters
) -> AsyncIterator[World]:
    allowed = Allowed(frozenset(settings.executables), settings.root.resolve())
    web = SlackClient(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    guard = Guard.of(settings.reach)
    probes = ProbeReader(allowed, os.environ, guard)
    key = settings.digest_key.get_secret_value().encode()
    library = PlanLibrary(settings.root, settings.root / settings.plans, os.environ, key, LOOK_AT_PLANS_S)
    for fault in library.faults():
        log.warning("plan.fault", fault=str(fault))
    pulse: Pulse = KillAt(settings.kill_at) if settings.kill_at else no_pulse
    hands = ActionHands(probes, clock, allowed, os.environ, guard)
    alarms = Alarms(_channels(settings), memory.kept, clock)
    known = Acquaintances(memory.kept, clock.real)
    async with _asking(settings) as asking:
        shelf, directory = DiskShelf(library), SlackDirectory(asking, known=known)
        try:
            yield World(settings, clock, memory, web, probes, hands, shelf, directory, pulse, server, alarms, meters)
        finally:
            await alarms.close()
            await known.close()


@asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[SlackClient]:
    """A client for questions only, whose connections are kept: a question that meets a closed one is asked again.

    What is said goes another way: on a connection that Slack closes just then, its answer would not be known.
    """
    limit, jar = aiohttp.ClientTimeout(total=_SLACK_ANSWERS_S), aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=limit, cookie_jar=jar) as session:
        client = SlackClient(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        client.session = session
        yield client


def _channels(settings: Settings) -> list[Channel]:
    """The ways to people beyond Slack that are set."""
    channels: list[Channel] = []
    if settings.alarm_mail_to:
        sender = settings.alarm_mail_from or settings.alarm_mail_to
        channels.append(Mail(settings.smtp_url.get_secret_value(), sender, settings.alarm_mail_to))
    if hook := settings.alarm_webhook_url.get_secret_value():
        channels.append(Webhook(hook))
    return channels


def _flows(world: World, store: RolloutStore) -> Flows:
    gates = Gates(store, world.memory.timers, world.shelf, world.probes, world.clock)
    return Flows(
        Proposals(store, world.shelf, world.directory, EnvSheet(), world.clock),
        gates,
        Progress(store, world.clock),
        Rollbacks(store, gates, world.clock),
    )


async def _joined(world: World) -> Loops:
    memory, clock = world.memory, world.clock
    subscribers = Subscribers(memory.subscriptions)
    counted = Counting(Telling(memory.rollouts, subscribers), world.meters)
    patient = Patient(counted)
    hasty = Stirring(counted, [lambda: world.pulse(Beat.COMMAND_RECORDED)])
    behind = _flows(world, patient)
    effects = Effects(patient, world.shelf, world.directory, world.probes, world.hands, clock, world.pulse)
    firing = Firing(memory.timers, behind.proposals, behind.gates, behind.rollbacks, clock)
    voice, mention = SlackVoice(world.web), world.directory.mention
    addressees = Addressees(world.directory, SlackBelonging(world.web).rooms_of, clock)
    announcer = Announcer(memory.outbox, patient, memory.buttons, clock, voice, world.pulse, mention, addressees)
    waker = Waker(memory.timers, firing, clock)
    workers = Workers(patient, effects, behind.progress)
    speaker = Speaker(announcer.send_waiting)
    office = _office(world, hasty, subscribers)
    homes = Homes(office, addressees, SlackTabs(world.web).publish)
    tabs = Speaker(homes.refresh)
    for store in (patient, hasty):
        store.listeners += [waker.ring, speaker.ring, homes.stir]
        store.acting.append(workers.ring_for)
    await Recovery(patient).announce(str(memory.lease.fence))
    slack = _slack(world, replace(office, homes=homes))
    orderly = Orderly(Ordering(memory.orders, behind.progress, behind.rollbacks, patient, memory.ledger, clock))
    renew = _renewing(memory, clock, world.server)
    return Loops([waker.run, workers.run, speaker.run, tabs.run, orderly.run, clock.follow, renew, slack.run])


def _server(settings: Settings, clock: Clock) -> Server | None:
    """What listens: Slack's line and health, or health alone, or nothing."""
    if settings.http_port is not None:
        return Server(settings.http_host, settings.http_port, clock, Seal(settings.signing_secrets, clock.real))
    if settings.health_port is not None:
        return Server(settings.http_host, settings.health_port, clock)
    return None


def _slack(world: World, office: Office) -> HttpConnection | SocketConnection:
    """The line that the settings choose."""
    passport = Passport(world.web, world.memory.kept)
    entrance = Entrance(world.web, office, gauge=world.meters)
    if world.server and world.server.seal:
        return HttpConnection(passport, entrance, world.server, world.pulse)
    app_token = world.settings.slack_app_token.get_secret_value()
    alarm = Ringing(world.alarms, world.meters)
    return SocketConnection(passport, entrance, app_token, world.pulse, alarm, world.server)


def _office(world: World, store: RolloutStore, subscribers: Subscribers) -> Office:
    flows = _flows(world, store)
    return Office(
        flows.proposals,
        flows.progress,
        flows.gates,
        flows.rollbacks,
        store,
        world.memory.ledger,
        world.memory.buttons,
        world.directory,
        world.shelf,
        world.clock,
        world.memory.deliveries,
        subscribers,
        evidence=_sealer(world),
    )


def _sealer(world: World) -> Sealer:
    memory, shelf = world.memory, Shelf(world.settings.artifacts_folder)
    return Sealer(memory.archive, memory.kept, memory.ledger, world.clock, shelf, SlackCourier(world.web))


def _renewing(memory: Memory, clock: Clock, server: Server | None) -> Callable[[], Awaitable[None]]:
    """Renew the lease; a process that cannot do so for a whole length of it says that it is not ready any more."""

    async def renew() -> None:
        renewed = clock.real()
        while True:
            await clock.sleep(memory.lease.length.total_seconds() / 3)
            try:
                await memory.lease.renew()
                renewed = clock.real()
            except Busy as why:
                log.warning("lease.busy", why=str(why))
            if server:
                server.cut_off = clock.real() - renewed > memory.lease.length

    return renew
