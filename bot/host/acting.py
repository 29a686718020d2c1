"""Acting: the host's own runner, for the time in which no bot lives; the bot's workflows, without Slack."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.actions.hands import ActionHands
from bot.domain.entries import Happened
from bot.domain.intents import Stage
from bot.domain.people import Person
from bot.domain.plan import Guild
from bot.domain.rollout import State
from bot.jobs.clock import WallClock
from bot.jobs.pulse import KillAt, no_pulse
from bot.jobs.stirring import Patient
from bot.plans.library import PlanLibrary
from bot.plans.shelf import DiskShelf
from bot.ports import Busy, Chained, Snapshot, Unreachable
from bot.probes.reader import ProbeReader
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed
from bot.settings import OWN_SECRETS, HostSettings
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates
from bot.workflows.ladder import active
from bot.workflows.ordering import Ordering
from bot.workflows.progress import Progress
from bot.workflows.rollback import Rollbacks
from storage.opened import Memory

Say = Callable[[str], None]
Environ = Mapping[str, str]
PAUSE: Final = 0.5


class Nobody:
    """The directory of a host without Slack: nobody can be asked for, so nothing moves forward from here."""

    async def person(self, user: str, guilds: Mapping[str, Guild]) -> Person:  # noqa: ARG002 - nobody is asked
        raise Unreachable("the host's command line asks no directory")

    async def members(self, guild: Guild) -> tuple[str, ...]:  # noqa: ARG002 - likewise
        raise Unreachable("the host's command line asks no directory")


@dataclass(frozen=True)
class Acting:
    """What is needed to answer orders and to carry a rollback to its end, while the lease is ours."""

    ordering: Ordering
    effects: Effects
    memory: Memory
    clock: WallClock
    say: Say

    async def goes_back(self, name: str) -> bool:
        """Whether a phase of this rollout is on its way back."""
        seen = await self.memory.rollouts.load(name)
        run = active(seen.rollout) if seen else None
        return run is not None and run.state is State.ROLLING_BACK

    async def told(self, name: str) -> int:
        """How much of this rollout's ledger is from before now."""
        return len(await self._entries(name))

    async def back(self, name: str, told: int) -> bool:
        """Climb down the ladder, saying each step, until it has ended or waits for a person; whether it has ended.

        `told` is where the ledger stood before the order.
        """
        while True:
            went_on = await self.effects.advance(name)
            told = await self._tell(name, told)
            seen = await self.memory.rollouts.load(name)
            if seen is None or active(seen.rollout) is None:
                return seen is not None and self._ended(seen)
            if went_on:
                continue
            if not _under_way(seen):
                return self._waits(seen)
            # A process that died may have begun this step; it is read back once its time is over.
            await self.clock.sleep(PAUSE)

    async def renewed(self) -> None:
        """Keep the lease for as long as this runs; LostLease ends it."""
        while True:
            await self.clock.sleep(self.memory.lease.length / timedelta(seconds=3))
            with suppress(Busy):
                await self.memory.lease.renew()

    def _ended(self, seen: Snapshot) -> bool:
        for each in seen.intents:
            if each.stage is Stage.BY_HAND:
                self.say(f"  still to be done by hand: {each.title}: {each.says}")
        return seen.rollout.current.state is State.ROLLED_BACK or active(seen.rollout) is None

    def _waits(self, seen: Snapshot) -> bool:
        run = active(seen.rollout)
        reason = run.hold.reason if run and run.hold else "a step needs somebody's word"
        self.say(f"It waits for a person: {reason}")
        self.say("Put it right and press Retry or say it was done by hand, in Slack; the bot goes on from here.")
        return False

    async def _entries(self, name: str) -> Sequence[Chained]:
        return await self.memory.ledger.entries(f"rollout/{name}")

    async def _tell(self, name: str, told: int) -> int:
        entries = await self._entries(name)
        for each in entries[told:]:
            if line := _line(each):
                self.say(f"  {line}")
        return len(entries)


def _under_way(seen: Snapshot) -> bool:
    return any(each.stage is Stage.CLAIMED for each in seen.intents)


def _line(chained: Chained) -> str:
    entry = chained.entry
    step, says = str(entry.facts.get("step") or ""), str(entry.facts.get("says") or "")
    if entry.kind is Happened.STEP_CLAIMED:
        return f"{chained.at:%H:%M:%S} begun: {step}"
    if entry.kind is Happened.STEP_DONE:
        word = "done" if entry.facts.get("stage") == Stage.DONE else str(entry.facts.get("stage"))
        return f"{chained.at:%H:%M:%S} {word}: {step}{f': {says}' if says else ''}"
    if entry.kind is Happened.STEP_FAILED:
        return f"{chained.at:%H:%M:%S} failed: {step}: {says}"
    if entry.kind is Happened.PHASE_ROLLED_BACK:
        return f"{chained.at:%H:%M:%S} {entry.phase} is rolled back."
    return ""


@asynccontextmanager
async def acting(
    settings: HostSettings, memory: Memory, clock: WallClock, say: Say, environ: Environ
) -> AsyncIterator[Acting]:
    """The same workflows as the bot's, without Slack; what is to be posted stays in the outbox."""
    # A plan may name variables for its commands; the bot's own secrets are never among them.
    visible = {name: value for name, value in environ.items() if name not in OWN_SECRETS}
    allowed = Allowed(frozenset(settings.executables), settings.root.resolve())
    key = settings.digest_key.get_secret_value().encode()
    library = PlanLibrary(settings.root, settings.root / settings.plans, visible, key)
    shelf, store = DiskShelf(library), Patient(memory.rollouts)
    guard = Guard.of(settings.reach)
    probes = ProbeReader(allowed, visible, guard)
    hands = ActionHands(probes, clock, allowed, visible, guard)
    pulse = KillAt(settings.kill_at) if settings.kill_at else no_pulse
    rollbacks = Rollbacks(store, Gates(store, memory.timers, shelf, probes, clock), clock)
    ordering = Ordering(memory.orders, Progress(store, clock), rollbacks, store, memory.ledger, clock)
    effects = Effects(store, shelf, Nobody(), probes, hands, clock, pulse)
    made = Acting(ordering, effects, memory, clock, say)
    renewing = asyncio.create_task(made.renewed())
    try:
        yield made
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})
