"""The loops over a small rollout on its twins: run for a moment, watched until something is so."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
import structlog

from bot.jobs.waking import Waker
from bot.jobs.working import Workers
from bot.ports import LostLease
from bot.rehearsal.clock import RehearsalClock
from tests.conversations.conftest import Walker, small_plan

SOON = 0.01
AT_MOST = 2.0  # only a failing test waits so long


@dataclass
class Ticking:
    """The rehearsal's clock as a waker sees it."""

    clock: RehearsalClock
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self):
        return self.clock.now()

    def real(self):
        return self.clock.real()

    def seconds_until(self, moment):
        return (moment - self.now()).total_seconds()

    def jump(self, span):
        self.clock.advance(span)
        self.stirred.set()


class Troubled:
    """A twin of which one method raises its troubles first, one a call."""

    def __init__(self, twin, method, *troubles):
        self.twin, self.method, self.troubles = twin, method, list(troubles)

    def __getattr__(self, name):
        return self._meet if name == self.method else getattr(self.twin, name)

    async def _meet(self, *args, **named):
        if self.troubles:
            raise self.troubles.pop(0)
        return await getattr(self.twin, self.method)(*args, **named)


async def until(claim):
    """Wait until an asynchronous claim is true."""
    async with asyncio.timeout(AT_MOST):
        while not await claim():
            await asyncio.sleep(SOON)


@asynccontextmanager
async def running(loop):
    task = asyncio.create_task(loop.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def ended_by_a_lost_lease(loop):
    """Whether the loop ends by itself, and for no other reason."""
    async with asyncio.timeout(AT_MOST):
        try:
            await loop.run()
        except LostLease:
            return True
        except ExceptionGroup as group:
            return group.split(LostLease)[1] is None


@pytest.fixture(autouse=True)
def plain_log():
    """Stacks drawn in colours take a second each."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture
def walker(tmp_path):
    (tmp_path / "staging.env").write_text("ON=true\n")
    return Walker(small_plan(), tmp_path)


@pytest.fixture
def ticking(walker):
    return Ticking(walker.stage.clock)


@pytest.fixture
def waker(walker, ticking):
    return Waker(walker.stage.timers, walker.stage.firing, ticking)


@pytest.fixture
def workers(walker):
    stage = walker.stage
    return Workers(stage.rollouts, stage.effects, stage.progress)


@pytest.fixture
async def other(walker):
    """A second rollout, of another plan in the same store, proposed and approved and started."""
    plan = replace(small_plan(), plan="other")
    walker.shelf._plans = (*walker.shelf._plans, plan)
    stage = walker.stage
    await stage.proposals.start(plan, "staging", walker.runner)
    name = (await stage.rollouts.live("other"))[0].rollout.name
    for guild in ("devops", "security"):
        await stage.proposals.approve(name, "staging", guild, "", walker.people[f"{guild}-0"])
    await stage.proposals.start(plan, "staging", walker.runner)

    async def run():
        return (await stage.rollouts.load(name)).rollout.run("staging")

    return run
