"""A rollout with a history, carried by the real workflows, and its archive and bundle."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.plan import Plan
from bot.evidence.bundle import Bundle, bundle
from bot.plans.canonical import digest
from bot.plans.loader import load
from bot.ports import Archived
from bot.rehearsal import walk
from bot.rehearsal.actions import Cue, RehearsalHands
from bot.rehearsal.archive import KeepingRollouts, RehearsalArchive
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.ledger import RehearsalLedger
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.probes import RehearsalProbes
from bot.rehearsal.pulse import RehearsalPulse
from bot.rehearsal.sheet import RehearsalSheet
from bot.rehearsal.shelf import RehearsalShelf
from bot.rehearsal.timers import RehearsalTimers
from bot.workflows.commands import Called, note
from bot.workflows.due import Firing
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks

ROOT = Path(__file__).resolve().parents[2]
WORKSPACE = "https://example.slack.com/"


class NotingHands(RehearsalHands):
    """The hands' twin that also says which command it would have run."""

    async def act(self, step, phase, key, sealed):
        said = await super().act(step, phase, key, sealed)
        argv = getattr(step, "argv", ("systemctl", "restart", "codex"))
        note(
            Called(tuple(argv), 0, len(key), hashlib.sha256(key.encode()).hexdigest(), 0, hashlib.sha256().hexdigest())
        )
        return said


class Theatre:
    """The walk's stage over stores that an archive can be read from."""

    def __init__(self, plan: Plan, root: Path = ROOT, rollouts=None, timers=None) -> None:
        self.clock, self.ledger, self.outbox = RehearsalClock(), RehearsalLedger(), RehearsalOutbox()
        timers = timers or RehearsalTimers()
        kept = rollouts or KeepingRollouts(self.clock, timers, self.outbox, self.ledger)
        people, probes, self.hands = walk._people(plan), RehearsalProbes(), NotingHands()
        directory = RehearsalDirectory({each.id: each for each in people.values()}, plan.guilds)
        self.shelf = RehearsalShelf([plan], files=walk._files(plan, root), digest=digest)
        gates = Gates(kept, timers, self.shelf, probes, self.clock)
        proposals = Proposals(kept, self.shelf, directory, RehearsalSheet(), self.clock)
        rollbacks = Rollbacks(kept, gates, self.clock)
        effects = Effects(kept, self.shelf, directory, probes, self.hands, self.clock, RehearsalPulse())
        self.stage = walk.Stage(
            plan,
            self.clock,
            timers,
            kept,
            probes,
            self.hands,
            people,
            proposals,
            gates,
            Progress(kept, self.clock),
            rollbacks,
            effects,
            Firing(timers, proposals, gates, rollbacks, self.clock),
            lambda _: None,
        )

    async def started(self) -> None:
        """The first phase approved, started, and worked on as far as that goes."""
        stage, phase = self.stage, self.stage.plan.phases[0]
        await stage.proposals.start(stage.plan, phase.name, stage.people["runner"])
        await walk._approve(stage, phase)
        await walk._attest(stage, phase)
        await stage.firing.sweep()
        await stage.proposals.start(stage.plan, phase.name, stage.people["runner"])
        await walk._work(stage, phase)

    async def play(self) -> str:
        """Staging with a step that fails at first and a hold; then it is promoted, canary goes wrong and back."""
        stage = self.stage
        staging, canary = stage.plan.phases[:2]
        self.hands.cues["*"] = Cue.FAIL
        await stage.proposals.start(stage.plan, staging.name, stage.people["runner"])
        name = (await stage.seen()).rollout.name
        await walk._approve(stage, staging)
        await stage.proposals.withdraw(name, staging.name, stage.people["devops-0"])
        await stage.proposals.approve(name, staging.name, "devops", "", stage.people["devops-0"])
        await walk._attest(stage, staging)
        await stage.firing.sweep()
        await stage.proposals.start(stage.plan, staging.name, stage.people["runner"])
        await walk._work(stage, staging)
        await stage.rollbacks.retry(name, staging.name, stage.people["runner"])
        await walk._work(stage, staging)
        await stage.progress.hold(name, staging.name, "lunch <b>now</b> & then", stage.people["devops-0"])
        self.clock.advance(timedelta(minutes=3))
        await stage.progress.resume(name, staging.name, stage.people["runner"])
        await walk._soak(stage, staging)
        await walk._carry(stage, canary, "error-rate")
        await self.post()
        return name

    async def post(self) -> None:
        """Slack takes everything that waits."""
        while rows := await self.outbox.waiting():
            for row in rows:
                await self.outbox.sent(row, f"17000{row.id:05d}.{row.id:06d}")


@pytest.fixture(scope="session")
def plan() -> Plan:
    return load(ROOT / "plans" / "gitguard.yml", ROOT)


async def archive_of(plan: Plan) -> Archived:
    theatre = Theatre(plan)
    name = await theatre.play()
    found = await RehearsalArchive(theatre.stage.rollouts, theatre.ledger, theatre.outbox).of(name)
    assert found
    return found


@pytest.fixture(scope="session")
def archived(plan: Plan) -> Archived:
    # Made once for all: nothing in an archive can be changed.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, archive_of(plan)).result()


@pytest.fixture(scope="session")
def sealed(archived: Archived) -> Bundle:
    return bundle(archived, WORKSPACE)
