"""The walk: a whole plan carried through in the terminal, with twins for everything outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.domain.board import unmet
from bot.domain.gates import When
from bot.domain.people import Person
from bot.domain.plan import Phase, Plan
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun, State
from bot.domain.verdicts import Outcome
from bot.ports import Change, Snapshot
from bot.rehearsal.actions import RehearsalHands
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.ledger import RehearsalLedger
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.probes import RehearsalProbes
from bot.rehearsal.pulse import RehearsalPulse
from bot.rehearsal.rollouts import RehearsalRollouts
from bot.rehearsal.sheet import RehearsalSheet
from bot.rehearsal.shelf import RehearsalShelf
from bot.rehearsal.timers import RehearsalTimers
from bot.workflows.due import Firing
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates, unattested
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks

Say = Callable[[str], None]
PATIENCE: Final = 5000


@dataclass
class Stage:
    """The workflows on their twins, and the plan that is walked."""

    plan: Plan
    clock: RehearsalClock
    timers: RehearsalTimers
    rollouts: RehearsalRollouts
    probes: RehearsalProbes
    hands: RehearsalHands
    people: dict[str, Person]
    proposals: Proposals
    gates: Gates
    progress: Progress
    rollbacks: Rollbacks
    effects: Effects
    firing: Firing
    say: Say

    async def seen(self) -> Snapshot:
        return (await self.rollouts.live(self.plan.name))[0]


async def walk(plan: Plan, root: Path, say: Say, *, fail: str = "") -> int:
    """Carry every phase that is available; with `fail`, watch one gate turn bad and the phase go back.

    Answers 0 when all went as the plan says, 1 when a phase could not be carried.
    """
    stage = stage_for(plan, root, say)
    bad_phase, _, bad_gate = fail.partition("/")
    wrong = _fault(plan, bad_phase, bad_gate) if fail else ""
    if wrong:
        say(wrong)
        return 1
    say(f"{plan.title}: {len(plan.phases)} phases, rehearsed with harmless twins")
    for phase in plan.phases:
        say(f"\n{phase.name}: {phase.title}")
        done = await _carry(stage, phase, bad_gate if phase.name == bad_phase else "")
        if done is not None:
            return done
    return 0


def _fault(plan: Plan, phase: str, gate: str) -> str:
    found = plan.phase(phase)
    if found is None:
        return f"{plan.name} has no phase '{phase}'; it has {', '.join(each.name for each in plan.phases)}."
    if found.gate(gate) is None:
        return f"{phase} has no gate '{gate}'; it has {', '.join(each.name for each in found.gates)}."
    return ""


async def _carry(stage: Stage, phase: Phase, bad_gate: str) -> int | None:
    """One phase to its end; None to go on with the next."""
    await _wait_until_due(stage, phase)
    proposed = await stage.proposals.start(stage.plan, phase.name, stage.people["runner"])
    if isinstance(proposed, Refusal):
        stage.say(f"  awaiting gate: {proposed}")
        return 0 if proposed.code in {"not-available", "order"} else 1
    stage.say(f"  proposed, digest {(await _run(stage, phase)).digest[7:19]}")
    await _approve(stage, phase)
    await _attest(stage, phase)
    await stage.firing.sweep()
    started = await stage.proposals.start(stage.plan, phase.name, stage.people["runner"])
    if not isinstance(started, Change):
        stage.say(f"  cannot start: {started}")
        return 1
    await _work(stage, phase)
    if bad_gate:
        return await _turn_bad(stage, phase, bad_gate)
    return await _soak(stage, phase)


async def _wait_until_due(stage: Stage, phase: Phase) -> None:
    if phase.due:
        stage.say(f"  waits {phase.due.wait} after {phase.due.after}")
        stage.clock.advance(phase.due.wait)


async def _approve(stage: Stage, phase: Phase) -> None:
    name = (await stage.seen()).rollout.name
    for guild, need in phase.approvals.quorum.items():
        for number in range(need):
            person = stage.people[f"{guild}-{number}"]
            await stage.proposals.approve(name, phase.name, guild, "", person)
            stage.say(f"  approved for {guild} by {person.name}")


async def _attest(stage: Stage, phase: Phase) -> None:
    seen = await stage.seen()
    run = await _run(stage, phase)
    waiting = unattested(seen.board, run, phase.gates, stage.clock.now())
    for gate in waiting:
        person = stage.people[f"{getattr(gate.probe, 'by', '')}-0"]
        await stage.gates.attest(seen.rollout.name, phase.name, [gate.name], "seen in the rehearsal", person)
    if waiting:
        stage.say(f"  attested, not measured: {', '.join(gate.name for gate in waiting)}")


async def _work(stage: Stage, phase: Phase) -> None:
    name = (await stage.seen()).rollout.name
    while await stage.effects.advance(name):
        continue
    seen = await stage.seen()
    for intent in seen.intents:
        if intent.phase == phase.name:
            back = f" [{intent.rung}]" if intent.rung else ""
            stage.say(f"  {intent.stage.replace('_', ' ')}: {intent.title}{back}")


async def _soak(stage: Stage, phase: Phase) -> int | None:
    for _ in range(PATIENCE):
        run = await _run(stage, phase)
        if run.state is State.READY:
            break
        if run.hold:
            stage.say(f"  held: {run.hold.reason}")
            return 1
        await _attest_again(stage, phase)
        await _next_moment(stage)
    else:
        stage.say(f"  did not become ready: {await _open_gates(stage, phase)}")
        return 1
    needed = f" of {phase.soak.at_least}" if phase.soak else ""
    earned = (await stage.seen()).board.soaked(await _run(stage, phase)).earned
    stage.say(f"  soaked {earned}{needed}, {len(phase.gates)} gates pass")
    promoted = await stage.progress.promote((await stage.seen()).rollout.name, phase.name, stage.people["runner"])
    stage.say("  promoted" if isinstance(promoted, Change) else f"  not promoted: {promoted}")
    return None if isinstance(promoted, Change) else 1


async def _attest_again(stage: Stage, phase: Phase) -> None:
    seen = await stage.seen()
    run = await _run(stage, phase)
    for gate in unattested(seen.board, run, phase.gates, stage.clock.now()):
        person = stage.people[f"{getattr(gate.probe, 'by', '')}-0"]
        await stage.gates.attest(seen.rollout.name, phase.name, [gate.name], "seen again in the rehearsal", person)


async def _turn_bad(stage: Stage, phase: Phase, gate: str) -> int:
    stage.probes.gate_reads(gate, _beyond(phase, gate))
    stage.say(f"  {gate} turns bad")
    for _ in range(PATIENCE):
        run = await _run(stage, phase)
        if run.state is State.ROLLING_BACK:
            await _work(stage, phase)
        if run.state is State.ROLLED_BACK:
            stage.say(f"  rolled back: {run.locked}")
            return 0
        if run.hold:
            stage.say(f"  held: {run.hold.reason}")
            return 0
        standing = (await stage.seen()).board.standing(run, gate)
        if standing and standing.verdict.outcome is Outcome.FAIL and not run.countdown and run.state is State.SOAKING:
            stage.say(f"  told: {standing.verdict.says}")
            return 0
        await _next_moment(stage)
    return 1


def _beyond(phase: Phase, name: str) -> float | str:
    gate = next(each for each in phase.gates if each.name == name)
    numeric = gate.bound.quantity
    return 1e9 if numeric and not gate.bound.at_least and not gate.bound.over else -1e9 if numeric else "bad"


async def _next_moment(stage: Stage) -> None:
    due, real = await stage.timers.next_due()
    moments = [moment for moment in (due, real) if moment]
    if moments:
        stage.clock.advance(max(min(moments) - stage.clock.now(), timedelta(seconds=1)))
    await stage.firing.sweep()


async def _run(stage: Stage, phase: Phase) -> PhaseRun:
    return (await stage.seen()).rollout.run(phase.name) or PhaseRun(phase.name)


async def _open_gates(stage: Stage, phase: Phase) -> str:
    seen = await stage.seen()
    shut = unmet(seen.board, await _run(stage, phase), phase.gates, When.EXIT, stage.clock.now())
    return ", ".join(gate.name for gate in shut)


def stage_for(plan: Plan, root: Path, say: Say) -> Stage:
    """Join the workflows with twins; env files are read from `root`, nothing else is."""
    clock = RehearsalClock()
    timers, outbox, ledger = RehearsalTimers(), RehearsalOutbox(), RehearsalLedger()
    rollouts = RehearsalRollouts(clock, timers, outbox, ledger)
    probes, hands = RehearsalProbes(), RehearsalHands()
    people = _people(plan)
    directory = RehearsalDirectory({person.id: person for person in people.values()}, plan.guilds)
    shelf = RehearsalShelf([plan], files=_files(plan, root))
    gates = Gates(rollouts, timers, shelf, probes, clock)
    proposals = Proposals(rollouts, shelf, directory, RehearsalSheet(), clock)
    progress, rollbacks = Progress(rollouts, clock), Rollbacks(rollouts, gates, clock)
    effects = Effects(rollouts, shelf, directory, probes, hands, clock, RehearsalPulse())
    firing = Firing(timers, proposals, gates, rollbacks, clock)
    return Stage(
        plan,
        clock,
        timers,
        rollouts,
        probes,
        hands,
        people,
        proposals,
        gates,
        progress,
        rollbacks,
        effects,
        firing,
        say,
    )


def _people(plan: Plan) -> dict[str, Person]:
    """A runner, and for each guild as many members as any phase asks for."""
    people = {"runner": Person("U-RUNNER", "the runner", frozenset({plan.run_by}))}
    for guild in plan.guilds:
        most = max((phase.approvals.quorum.get(guild, 1) for phase in plan.phases), default=1)
        for number in range(max(most, 1)):
            name = f"member {number + 1} of {guild}"
            people[f"{guild}-{number}"] = Person(f"U-{guild}-{number}", name, frozenset({guild}))
    return people


def _files(plan: Plan, root: Path) -> dict[str, str]:
    named = {phase.env for phase in plan.phases if phase.env}
    return {path: (root / path).read_text() for path in sorted(named) if (root / path).is_file()}
