"""Between the approval and the act nothing may change: what was approved runs, to the byte, or nothing does."""

from dataclasses import dataclass, field

import pytest

from bot.domain.entries import Happened
from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.plans.library import PlanLibrary
from bot.plans.resolve import digest
from bot.plans.shelf import DiskShelf
from bot.ports import Change
from bot.rehearsal.actions import RehearsalHands
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.ledger import RehearsalLedger
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.probes import RehearsalProbes
from bot.rehearsal.rollouts import RehearsalRollouts
from bot.rehearsal.sheet import RehearsalSheet
from bot.rehearsal.timers import RehearsalTimers
from bot.workflows.effects import Effects
from bot.workflows.proposals import Proposals
from tests.security.changing import APPROVERS, CHANGES, HARMLESS, PEOPLE, Ground
from tests.security.counts import counted, dice

STEPS = 4
MOMENTS = ("approved", "started", "first step", "second step")


@dataclass
class Stale:
    """A shelf that never looks again: the mistake that the test must be able to see."""

    shelf: DiskShelf
    kept: dict = field(default_factory=dict)

    def plans(self):
        return self.kept.setdefault("plans", self.shelf.plans())

    def resolve(self, plan, phase):
        return self.kept.setdefault(phase, self.shelf.resolve(plan, phase))


class Trial:
    """One rollout on the real shelf, with twins for the rest."""

    def __init__(self, ground, shelf):
        clock, timers, outbox, self.ledger = RehearsalClock(), RehearsalTimers(), RehearsalOutbox(), RehearsalLedger()
        self.rollouts = RehearsalRollouts(clock, timers, outbox, self.ledger, digest)
        self.hands, self.shelf, directory = RehearsalHands(), shelf, RehearsalDirectory({})
        directory.people = ground.people
        self.proposals = Proposals(self.rollouts, shelf, directory, RehearsalSheet(()), clock)
        self.effects = Effects(
            self.rollouts, shelf, directory, RehearsalProbes(), self.hands, clock, lambda _beat: None
        )

    async def seen(self):
        return (await self.rollouts.live())[0]

    async def start(self, who):
        plan = (await self.seen()).plan if await self.rollouts.live() else self.shelf.plans()[0]
        return await self.proposals.start(plan, "one", PEOPLE[who])

    async def approved(self):
        assert isinstance(await self.start("U0ASKS"), Change)
        for who, guild in APPROVERS.items():
            said = await self.proposals.approve("small-1", "one", guild, "", PEOPLE[who])
            assert isinstance(said, Change), said

    async def advance(self, most=50):
        for _ in range(most):
            if not await self.effects.advance("small-1"):
                return
        raise AssertionError("it never comes to rest")

    async def until(self, moment):
        """Carry it to this moment of its way."""
        await self.approved()
        if moment == "approved":
            return
        assert isinstance(await self.start("U0RUNS"), Change)
        wanted = {"started": 0, "first step": 1, "second step": 2}[moment]
        for _ in range(50):
            if len(self.hands.attempts) == wanted:
                return
            await self.effects.advance("small-1")
        raise AssertionError("it did not come so far")

    async def pressed_on(self):
        """Try to go on with what there is, and then once more; gives everything that was said."""
        said = []
        for _ in range(2):
            answer = await self.start("U0RUNS")
            if isinstance(answer, Refusal):
                said.append(f"{answer.reason} {answer.remedy}")
            elif answer:
                said += [str(entry.facts) for entry in answer.entries]
            await self.advance()
        run = (await self.seen()).rollout.run("one")
        return " ".join([*said, run.hold.reason if run.hold else ""])


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path, {}, {})
    made.reset()
    return made


def shelf_of(ground):
    return DiskShelf(PlanLibrary(ground.root, ground.root / "plans", ground.environ, b"a key of the bot"))


@counted(1000)
async def test_no_old_approval_runs_after_a_change(ground, cases, record_property):
    thrown = dice()
    shelf, ran, silent, harmless = shelf_of(ground), [], [], 0
    for number in range(cases + cases // 4):
        ground.reset()
        trial = Trial(ground, shelf)
        moment = thrown.random.choice(MOMENTS)
        await trial.until(moment)
        before = list(trial.hands.attempts)
        if number % 5 == 0:
            # Every fifth changes nothing that counts, and has to run: what refuses everything would pass otherwise.
            same = thrown.random.choice(HARMLESS)
            same(ground, thrown.random)
            await trial.pressed_on()
            assert len(trial.hands.attempts) == STEPS, (thrown.seed, moment, same.__name__)
            harmless += 1
        changed = thrown.random.choice(CHANGES)(ground, thrown.random)
        if number % 5 == 0:
            continue
        said = await trial.pressed_on()
        if trial.hands.attempts != before:
            ran.append((moment, changed, said))
        elif not any(word in said for word in changed.words):
            silent.append((moment, changed, said))
    assert not ran, f"seed {thrown.seed}: {ran[:3]} and {len(ran)} in all"
    assert not silent, f"seed {thrown.seed}: {silent[:3]} and {len(silent)} in all"
    told = f"{cases + cases // 4 - harmless} changes between approval and act: 0 ran, each said what changed"
    record_property("figure", f"{told}; {harmless} of {harmless} without a change that counts ran; seed {thrown.seed}")


async def test_a_shelf_that_does_not_look_again_would_be_caught(ground):
    """The control: with a stale copy of the plan the old approval does run."""
    thrown, ran = dice(), 0
    for _ in range(20):
        ground.reset()
        trial = Trial(ground, Stale(shelf_of(ground)))
        await trial.until("approved")
        (ground.root / "one.env").write_text(f"ENABLED={thrown.random.random()}\n")
        await trial.pressed_on()
        ran += len(trial.hands.attempts) == STEPS
    assert ran == 20


async def test_a_silent_directory_lets_nothing_run(ground):
    for moment in MOMENTS:
        ground.reset()
        trial = Trial(ground, shelf_of(ground))
        await trial.until(moment)
        before = list(trial.hands.attempts)
        trial.effects.directory.silent = True
        said = await trial.pressed_on()
        assert trial.hands.attempts == before
        assert "cannot be read now" in said


async def test_what_was_changed_and_put_back_runs_again(ground):
    trial = Trial(ground, shelf_of(ground))
    await trial.until("approved")
    text = (ground.root / "one.env").read_text()
    (ground.root / "one.env").write_text(text.replace("10", "90"))
    (ground.root / "one.env").write_text(text)
    await trial.pressed_on()
    assert len(trial.hands.attempts) == STEPS
    assert (await trial.seen()).rollout.run("one").state is State.SOAKING
    kinds = [each.entry.kind for each in await trial.ledger.entries("rollout/small-1")]
    assert Happened.PROPOSAL_CHANGED not in kinds
