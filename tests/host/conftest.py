"""A small rollout in a real database of each kind, soaking, with real hands, and the operator's commands beside it."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from bot.domain.people import Person
from bot.host import orders as host_orders
from bot.host.acting import acting
from bot.host.orders import Asked, ordered
from bot.host.status import status
from bot.jobs.clock import WallClock
from bot.jobs.orders import Orderly
from bot.plans.library import PlanLibrary
from bot.plans.shelf import DiskShelf
from bot.ports import Change
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.sheet import RehearsalSheet
from bot.settings import HostSettings
from bot.workflows.proposals import Proposals
from storage.opened import opened
from tests.storage.servers import postgres

__all__ = ["postgres"]
KEY = "0123456789abcdef"
ENVIRON = {"PATH": "/usr/bin:/bin"}
PLAN = """\
plan: sample
title: Sample
channel: "#sample"
guilds:
  devops: {members: [U0DANA, U0OMAR], title: DevOps}
run_by: devops
systems: {}
phases:
  - phase: only
    title: Only
    objective: Be taken back.
    approvals: {quorum: {devops: 1}, expires: 24h}
    soak: {at_least: 24h, at_most: 48h}
    gates:
      - gate: looked-at
        title: Looked at
        probe: {kind: attest, ask: "Is it well?", by: devops}
        valid_for: 24h
    rollback: [stop, replay]
rungs:
  stop:
    title: Stop it
    steps:
      - kind: command
        title: Touch the mark
        argv: [touch, gone-back]
        timeout: 5s
  replay:
    title: Replay
    steps:
      - kind: by-hand
        title: Replay the events
        instructions: Replay what is missing.
"""
DANA, OMAR = Person("U0DANA", "dana", frozenset({"devops"})), Person("U0OMAR", "omar", frozenset({"devops"}))


class Host:
    """The operator's hands: the commands of the host on one database."""

    def __init__(self, url, root):
        self.root = root
        self.url = url
        self.said = []

    @property
    def environment(self):
        return {
            "DATABASE_URL": self.url,
            "ROLLOUT_ROOT": str(self.root),
            "ROLLOUT_PLANS": "plans",
            "ROLLOUT_DIGEST_KEY": KEY,
            "ROLLOUT_EXECUTABLES": "touch",
        }

    @property
    def settings(self):
        return HostSettings(**self.environment, database_url=self.url)

    async def order(self, verb, reason="the disk is full", rollout="sample-1", phase="", *, take_over=False):
        """The exit status; what was printed is in `said`."""
        self.said.clear()
        return await ordered(self.settings, Asked(verb, rollout, reason, phase, take_over), self.said.append, ENVIRON)

    async def status(self, name=""):
        return await status(self.settings, name)

    @property
    def text(self):
        return "\n".join(self.said)

    async def seen(self):
        async with opened(self.url, WallClock()) as memory:
            return await memory.rollouts.load("sample-1")

    @asynccontextmanager
    async def bot(self, *, answers=True):
        """A process that acts, as far as orders are concerned; without `answers` it only renews its lease."""
        clock = WallClock()
        async with opened(self.url, clock) as memory:
            assert await memory.lease.acquire()
            async with acting(self.settings, memory, clock, self.said.append, ENVIRON) as here:
                loop = asyncio.create_task(Orderly(here.ordering).run()) if answers else None
                yield here
                if loop:
                    loop.cancel()
                    await asyncio.wait({loop})


async def soak(host):
    """Open the rollout and let its only phase soak."""
    clock = WallClock()
    library = PlanLibrary(host.root, host.root / "plans", {}, KEY.encode())
    assert not library.faults(), library.faults()
    people = RehearsalDirectory({each.id: each for each in (DANA, OMAR)})
    async with opened(host.url, clock) as memory:
        assert await memory.lease.acquire()
        proposals = Proposals(memory.rollouts, DiskShelf(library), people, RehearsalSheet(), clock)
        (plan,) = library.plans()
        assert isinstance(await proposals.start(plan, "only", DANA), Change)
        assert isinstance(await proposals.approve("sample-1", "only", "devops", "", OMAR), Change)
        assert isinstance(await proposals.start(plan, "only", DANA), Change)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kept' / 'rollout.db'}"
        return
    yield request.getfixturevalue("postgres").fresh()


@pytest.fixture
async def host(url, tmp_path, monkeypatch):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "sample.yml").write_text(PLAN)
    monkeypatch.setattr(host_orders, "PAUSE", 0.02)
    made = Host(url, tmp_path)
    await soak(made)
    return made
