"""The composition root: the one place where real things are made and joined."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.hands import ActionHands
from bot.announcer import Announcer
from bot.jobs.clock import SandboxClock, WallClock
from bot.jobs.pulse import KillAt, no_pulse
from bot.jobs.stirring import Patient, Stirring
from bot.jobs.waking import Waker
from bot.jobs.working import Speaker, Workers
from bot.plans.library import PlanLibrary
from bot.plans.shelf import DiskShelf
from bot.ports import Beat, Busy, Clock, LostLease, Pulse, RolloutStore
from bot.probes.reader import ProbeReader
from bot.probes.sheet import EnvSheet
from bot.reach.subprocesses import Allowed
from bot.settings import Settings
from bot.voice import SlackVoice
from bot.workflows.due import Firing
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates
from bot.workflows.office import Office
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.recovery import Recovery
from bot.workflows.rollback import Rollbacks
from commands.connection import Connection
from commands.directory import SlackDirectory
from storage.opened import Memory, opened

log: Final = structlog.get_logger()
OWN_SECRETS: Final = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "ROLLOUT_DIGEST_KEY",
    "DATABASE_URL",
)


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
    _log_to_stderr(settings.log_level)
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
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except ExceptionGroup as ended:
        lost, rest = ended.split(LostLease)
        if rest is not None:
            raise rest from None
        log.error("lease.lost", why=str(lost))  # noqa: TRY400 - expected, its stack says nothing
        return 3
    return 0


async def _serve(settings: Settings) -> None:
    clock = await _clock(settings)
    async with opened(settings.database_url, clock) as memory:
        await _leased(memory, clock)
        async with _world(settings, clock, memory) as world:
            loops = await _joined(world)
            await loops.run()


async def _clock(settings: Settings) -> WallClock:
    if not settings.clock_url:
        return WallClock()
    clock = SandboxClock(url=settings.clock_url)
    async with aiohttp.ClientSession() as session:
        await clock.read(session)
    return clock


async def _leased(memory: Memory, clock: Clock) -> None:
    """Wait for the lease: one process acts at a time."""
    while await _acquired(memory) is None:
        log.info("lease.waiting")
        await clock.sleep(0.5)


async def _acquired(memory: Memory) -> int | None:
    try:
        return await memory.lease.acquire()
    except Busy:
        return None


@asynccontextmanager
async def _world(settings: Settings, clock: WallClock, memory: Memory) -> AsyncIterator[World]:
    allowed = Allowed(frozenset(settings.executables), settings.root.resolve())
    web = AsyncWebClient(token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url)
    # A connection retry inside the client would post twice; the outbox knows better when to try again.
    web.retry_handlers.clear()
    probes = ProbeReader(allowed, os.environ)
    key = settings.digest_key.get_secret_value().encode()
    library = PlanLibrary(settings.root, settings.root / settings.plans, os.environ, key)
    for fault in library.faults():
        log.warning("plan.fault", fault=str(fault))
    pulse: Pulse = KillAt(settings.kill_at) if settings.kill_at else no_pulse
    hands = ActionHands(probes, clock, allowed, os.environ)
    try:
        yield World(settings, clock, memory, web, probes, hands, DiskShelf(library), SlackDirectory(web), pulse)
    finally:
        await probes.close()


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
    patient = Patient(memory.rollouts)
    hasty = Stirring(memory.rollouts, [lambda: world.pulse(Beat.COMMAND_RECORDED)])
    behind = _flows(world, patient)
    effects = Effects(patient, world.shelf, world.directory, world.probes, world.hands, clock, world.pulse)
    firing = Firing(memory.timers, behind.proposals, behind.gates, behind.rollbacks, clock)
    voice, mention = SlackVoice(world.web), world.directory.mention
    announcer = Announcer(memory.outbox, patient, memory.buttons, clock, voice, world.pulse, mention)
    waker = Waker(memory.timers, firing, clock)
    workers = Workers(patient, effects, behind.progress)
    speaker = Speaker(announcer.send_waiting)
    for store in (patient, hasty):
        store.listeners += [waker.ring, workers.ring, speaker.ring]
    await Recovery(patient).announce(str(memory.lease.fence))
    app_token = world.settings.slack_app_token.get_secret_value()
    slack = Connection(world.web, app_token, _office(world, hasty), world.pulse)
    return Loops([waker.run, workers.run, speaker.run, clock.follow, _renewing(memory, clock), slack.run])


def _office(world: World, store: RolloutStore) -> Office:
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
    )


def _renewing(memory: Memory, clock: Clock) -> Callable[[], Awaitable[None]]:
    async def renew() -> None:
        while True:
            await clock.sleep(memory.lease.length.total_seconds() / 3)
            try:
                await memory.lease.renew()
            except Busy as why:
                log.warning("lease.busy", why=str(why))

    return renew


def _log_to_stderr(level: str) -> None:
    number = getattr(logging, level.upper(), logging.INFO)
    # The libraries speak up only when something is wrong; what the bot itself says goes through structlog.
    words = "%(levelname)s %(name)s %(message)s"
    # Bolt warns that the client's token gives way to `authorize`, which is what is meant.
    meant = "`authorize` has been used"
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda record: meant not in record.getMessage())
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING), format=words)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
