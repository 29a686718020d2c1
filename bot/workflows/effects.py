"""The runner: the one place that acts; claims an intent, acts, reads back and records."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import approvals, moves
from bot.domain.board import unmet
from bot.domain.entries import Entry, Happened
from bot.domain.gates import When
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.people import CLOCKWORK, Person
from bot.domain.posts import Place
from bot.domain.refusals import Refusal
from bot.domain.rollout import Hold, Rollout, State
from bot.domain.steps import ByHandStep, RevertStep
from bot.domain.verdicts import Outcome, judge
from bot.ports import (
    ActionFailed,
    Actions,
    Beat,
    Change,
    Clock,
    Directory,
    PlanShelf,
    Probes,
    Pulse,
    RolloutStore,
    Snapshot,
    Unreachable,
    Unresolvable,
)
from bot.workflows.changes import Said, change, more, told
from bot.workflows.ladder import Task, active, finished, next_task, sealed_deploy
from bot.workflows.proposals import voters, whats_different
from bot.workflows.rollback import rolled_back
from bot.workflows.schedule import steady_readings

LOOK_AGAIN: Final = 0.5
GRACE: Final = timedelta(seconds=2)
VERIFYING: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Ended:
    """What became of one attempt at an effect."""

    stage: Stage
    says: str


@dataclass(frozen=True)
class Effects:
    """Does recorded intents, one at a time for each rollout, each under its own key."""

    rollouts: RolloutStore
    shelf: PlanShelf
    directory: Directory
    probes: Probes
    actions: Actions
    clock: Clock
    pulse: Pulse

    async def advance(self, name: str) -> bool:
        """Do the next thing that this rollout's intents ask for; False when there is nothing to do now."""
        seen = await self.rollouts.load(name)
        task = next_task(seen) if seen else None
        if seen is None or task is None:
            return await self._finish(name) if seen and finished(seen) else False
        self.pulse(Beat.INTENT_FOUND)
        if task.intent.stage is Stage.CLAIMED:
            return await self._found_claimed(task)
        if isinstance(task.step, ByHandStep):
            return await self._hand_over(task, task.step)
        return await self._do(seen, task)

    async def _finish(self, name: str) -> bool:
        """All intents are settled, yet the phase has not moved on: a crash came between. Nothing is acted."""

        def decide(seen: Snapshot) -> Change | None:
            return _completed(seen, seen.rollout, self.clock.now()) if finished(seen) else None

        return await self.rollouts.change(name, decide) is not None

    async def _do(self, seen: Snapshot, task: Task) -> bool:
        try:
            sealed = await self._seal(seen, task)
        except (ActionFailed, Unreachable) as why:
            return await self._record(task, Ended(Stage.FAILED, f"could not be prepared: {why}"))
        self.pulse(Beat.INTENT_SEALED)
        claimed = await self._claim(seen, task, sealed)
        if claimed is None:
            return True
        self.pulse(Beat.INTENT_CLAIMED)
        ended = await self._act(claimed)
        self.pulse(Beat.EFFECT_READ_BACK)
        recorded = await self._record(claimed, ended)
        self.pulse(Beat.EFFECT_RECORDED)
        return recorded

    async def _seal(self, seen: Snapshot, task: Task) -> dict[str, str]:
        if task.step is None:
            return {}
        if isinstance(task.step, RevertStep):
            return sealed_deploy(seen, task, task.step)
        return await self.actions.seal(task.step, task.copy)

    async def _claim(self, seen: Snapshot, task: Task, sealed: dict[str, str]) -> Task | None:
        """P3: at this instant, in this transaction, everything that allowed the start must still be true."""
        doubts = await self._doubts(seen, task) if task.intent.ladder is Ladder.FORWARD else None
        members: Mapping[str, Person] | Refusal = {}
        if doubts is None and task.intent.ladder is Ladder.FORWARD:
            members = await voters(self.directory, task.run, task.copy)
        refused = doubts or (members if isinstance(members, Refusal) else None)
        deadline = self.clock.real() + task.span + GRACE
        claimed = replace(
            task.intent, stage=Stage.CLAIMED, tries=task.intent.tries + 1, deadline=deadline, sealed=sealed
        )

        def decide(now_seen: Snapshot) -> Change | None:
            fresh = next_task(now_seen)
            if fresh is None or fresh.intent.id != task.intent.id or fresh.intent.stage is not Stage.RECORDED:
                return None
            no = refused or self._stands(now_seen, fresh, members if not isinstance(members, Refusal) else {})
            if no:
                return _held(now_seen, fresh, str(no), self._hold(str(no)))
            said = told(Happened.STEP_CLAIMED, CLOCKWORK, task.run.phase, None, step=task.intent.title, key=claimed.id)
            return more(
                change(now_seen.rollout, [said], mark=f"/claim/{claimed.id}/{claimed.tries}"), intents=(claimed,)
            )

        written = await self.rollouts.change(task.intent.rollout, decide)
        took = isinstance(written, Change) and claimed in written.intents
        return replace(task, intent=claimed) if took else None

    async def _doubts(self, seen: Snapshot, task: Task) -> Refusal | None:
        """Resolve the phase anew: what runs must be, to the byte, what was approved."""
        plan = next((plan for plan in self.shelf.plans() if plan.name == seen.plan.name), seen.plan)
        try:
            copy, digest = self.shelf.resolve(plan, task.run.phase)
        except (Unresolvable, KeyError) as why:
            return Refusal("unresolvable", f"What was approved cannot be checked: {why}.")
        if digest == task.run.digest:
            return None
        changed = whats_different(task.copy, copy)
        return Refusal("digest", f"Changed since the approval: {changed}.", "Put it back, or roll back and start anew.")

    def _stands(self, seen: Snapshot, task: Task, members: Mapping[str, Person]) -> Refusal | None:
        if task.intent.ladder is Ladder.BACK:
            return None
        request = task.run.request
        if request is None:
            return Refusal("approval-missing", "There is no approval.")
        gone = {each.person for each in approvals.lapsed(request, members)}
        kept = tuple(each for each in request.approvals if each.person not in gone)
        missing = replace(request, approvals=kept).missing(runner=task.run.started_by)
        if missing:
            return Refusal("approval-missing", f"Approvals no longer stand: {approvals.listed(missing)} missing.")
        shut = unmet(seen.board, task.run, task.copy.phase.gates, When.ENTRY, self.clock.now())
        names = ", ".join(gate.name for gate in shut)
        return Refusal("entry-gates", f"Entry gates do not pass: {names}.") if shut else None

    async def _act(self, task: Task) -> Ended:
        if task.step is None:
            return await self._verified(task)
        says, unknown = "", ""
        timeout = getattr(task.step, "timeout", VERIFYING)
        try:
            async with asyncio.timeout((timeout + GRACE).total_seconds()):
                says = await self.actions.act(task.step, task.copy, task.intent.id, task.intent.sealed)
        except ActionFailed as why:
            return Ended(Stage.FAILED, str(why))
        except (Unreachable, TimeoutError) as why:
            unknown = str(why) or f"no answer within {timeout}"
        self.pulse(Beat.EFFECT_DONE)
        return await self._read_back(task, says, unknown)

    async def _read_back(self, task: Task, says: str, unknown: str) -> Ended:
        """Look until the effect shows or its time is over; what was answered is not yet what happened."""
        if task.step is None:
            return await self._verified(task)
        until = self.clock.real() + max((check.within for check in task.checks), default=timedelta(seconds=30))
        while True:
            found = await self.actions.happened(task.step, task.copy, task.intent.id, task.intent.sealed)
            if found.shown:
                return Ended(Stage.DONE, _joined(says, found.says))
            if found.shown is None and not _provable(task):
                return Ended(Stage.UNKNOWN, unknown) if unknown else Ended(Stage.DONE, says)
            if self.clock.real() >= until:
                stage = Stage.UNKNOWN if found.shown is None else Stage.FAILED
                return Ended(
                    stage, "; ".join(part for part in (unknown, f"its effect does not show: {found.says}") if part)
                )
            await self.clock.sleep(LOOK_AGAIN)

    async def _verified(self, task: Task) -> Ended:
        until = self.clock.real() + max((check.within for check in task.checks), default=timedelta())
        while True:
            failing = await self._failing(task)
            if not failing:
                return Ended(Stage.DONE, "verified")
            if self.clock.real() >= until:
                return Ended(Stage.FAILED, f"not verified: {failing}")
            await self.clock.sleep(LOOK_AGAIN)

    async def _failing(self, task: Task) -> str:
        for check in task.checks:
            reading = await self.probes.read(check.probe, task.copy, self.clock.now())
            verdict = judge(reading, check.bound, valid_for=VERIFYING)
            if verdict.outcome is not Outcome.PASS:
                return f"{reading.source}: {verdict.says}"
        return ""

    async def _found_claimed(self, task: Task) -> bool:
        """An effect that an earlier process may have begun: after its deadline, read back, and only then go on."""
        if task.intent.deadline is not None and self.clock.real() < task.intent.deadline:
            return False
        if task.step is None:
            return await self._record(task, Ended(Stage.RECORDED, "to be verified again"))
        found = await self.actions.happened(task.step, task.copy, task.intent.id, task.intent.sealed)
        self.pulse(Beat.EFFECT_READ_BACK)
        if found.shown:
            return await self._record(task, Ended(Stage.DONE, f"found done after a restart: {found.says}"))
        if found.shown is None and not self.actions.repeatable(task.step):
            return await self._record(task, Ended(Stage.UNKNOWN, "the bot stopped while it ran; did it happen?"))
        dropped = task.run.state is State.ROLLING_BACK and task.intent.ladder is Ladder.FORWARD
        stage = Stage.DROPPED if dropped else Stage.RECORDED
        return await self._record(task, Ended(stage, f"not done before the restart: {found.says}"))

    async def _hand_over(self, task: Task, step: ByHandStep) -> bool:
        """Show the instructions. Forward, the phase waits for somebody's word; back, it never waits."""
        if task.intent.ladder is Ladder.FORWARD:
            return await self._record(task, Ended(Stage.UNKNOWN, f"by hand: {step.instructions}"))
        return await self._record(task, Ended(Stage.BY_HAND, step.instructions))

    async def _record(self, task: Task, ended: Ended) -> bool:
        intent = replace(task.intent, stage=ended.stage, says=ended.says[:500])

        def decide(seen: Snapshot) -> Change | None:
            before = next((each for each in seen.intents if each.id == intent.id), None)
            if before is None or before.stage is not task.intent.stage:
                return None
            return self._recorded(seen, task, intent, ended)

        return await self.rollouts.change(intent.rollout, decide) is not None

    def _recorded(self, seen: Snapshot, task: Task, intent: Intent, ended: Ended) -> Change:
        said = _told_of(task, intent)
        mark = f"/{intent.order}/{ended.stage}/{intent.tries}"
        run = seen.rollout.run(task.run.phase) or task.run
        # A forward step that ends badly while the phase already goes back stops nothing any more.
        overtaken = run.state is State.ROLLING_BACK and intent.ladder is Ladder.FORWARD
        if ended.stage in {Stage.FAILED, Stage.UNKNOWN} and not overtaken:
            held = self._hold(f"{intent.title}: {ended.says}"[:300], intent.id)
            return more(_held(seen, task, held.reason, held), intents=(intent,))
        rest = replace(seen, intents=tuple(intent if each.id == intent.id else each for each in seen.intents))
        base = more(change(seen.rollout, [said], mark=mark), intents=(intent,))
        if not finished(rest):
            return base
        moved = _completed(rest, seen.rollout, self.clock.now())
        return more(
            moved,
            intents=(intent,),
            entries=(*base.entries, *moved.entries),
            posts=(*base.posts, *moved.posts),
        )

    def _hold(self, reason: str, step: str = "") -> Hold:
        return Hold(reason, CLOCKWORK.id, self.clock.now(), step)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _provable(task: Task) -> bool:
    return bool(task.checks) or (task.step is not None and task.step.kind in {"flags", "deploy", "revert"})


def _told_of(task: Task, intent: Intent) -> Said:
    kind = Happened.STEP_FAILED if intent.stage in {Stage.FAILED, Stage.UNKNOWN} else Happened.STEP_DONE
    place = Place.THREAD if intent.stage is not Stage.RECORDED else None
    facts = {"step": intent.title, "says": intent.says, "stage": intent.stage.value, "ladder": intent.ladder.value}
    return Entry(kind, CLOCKWORK.id, task.run.phase, {**facts, "rung": intent.rung, "intent": intent.id}), place


def _held(seen: Snapshot, task: Task, reason: str, held: Hold) -> Change:
    run = seen.rollout.run(task.run.phase) or task.run
    after = moves.falter(seen.rollout, run, held)
    said = Entry(Happened.STEP_FAILED, CLOCKWORK.id, run.phase, {"step": task.intent.title, "says": reason})
    return change(after, [(said, Place.CHANNEL)])


def _completed(seen: Snapshot, rollout: Rollout, now: datetime) -> Change:
    run = active(rollout)
    if run is None:
        raise AssertionError("asked to complete a rollout that is not under way")
    if run.state is State.ROLLING_BACK:
        return rolled_back(seen, rollout, run, now)
    after = moves.applied(rollout, run, now)
    applied = after.run(run.phase) or run
    timers = steady_readings(after.name, applied, seen.copies[run.digest].phase, now)
    return more(change(after, [told(Happened.PHASE_APPLIED, CLOCKWORK, run.phase)]), timers=timers)
