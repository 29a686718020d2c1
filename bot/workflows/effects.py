"""The runner: the one place that acts; claims an intent, acts, reads back and records."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.domain import approvals
from bot.domain.board import unmet
from bot.domain.entries import Happened
from bot.domain.gates import When
from bot.domain.intents import Ladder, Stage
from bot.domain.people import CLOCKWORK, Person
from bot.domain.refusals import Refusal
from bot.domain.rollout import Hold, State
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
from bot.workflows.changes import change, more, told
from bot.workflows.commands import fact, noting
from bot.workflows.ladder import Task, finished, never_deployed, next_task, sealed_deploy
from bot.workflows.outcomes import Ended, completed, halted, recorded
from bot.workflows.proposals import voters
from bot.workflows.requests import whats_different
from bot.workflows.rosters import listed

LOOK_AGAIN: Final = 0.5
GRACE: Final = timedelta(seconds=2)
VERIFYING: Final = timedelta(minutes=2)
LOOKED_LATELY: Final = timedelta(seconds=10)


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
            return await self._hand_over(seen, task, task.step)
        return await self._do(seen, task)

    async def _finish(self, name: str) -> bool:
        """All intents are settled, yet the phase has not moved on: a crash came between. Nothing is acted."""

        def decide(seen: Snapshot) -> Change | None:
            return completed(seen, self.clock.now()) if finished(seen) else None

        return await self.rollouts.change(name, decide) is not None

    async def _do(self, seen: Snapshot, task: Task) -> bool:
        if isinstance(task.step, RevertStep) and never_deployed(seen, task, task.step):
            return await self._record(task, Ended(Stage.DONE, "nothing was deployed, so there is nothing to take back"))
        try:
            sealed = await self._seal(seen, task)
        except (ActionFailed, Unreachable) as why:
            return await self._record(task, Ended(Stage.FAILED, f"could not be prepared: {why}"))
        self.pulse(Beat.INTENT_SEALED)
        claimed = await self._claim(seen, task, sealed)
        if claimed is None:
            return True
        self.pulse(Beat.INTENT_CLAIMED)
        with noting() as called:
            acted = await self._act(claimed)
        ended = replace(acted, commands=fact(called))
        self.pulse(Beat.EFFECT_READ_BACK)
        recorded = await self._record(claimed, ended)
        self.pulse(Beat.EFFECT_RECORDED)
        return recorded

    async def _seal(self, seen: Snapshot, task: Task) -> dict[str, str]:
        # What stood before the first attempt is what to go back to; a second look might find our own work.
        if task.step is None or task.intent.sealed:
            return task.intent.sealed
        if isinstance(task.step, RevertStep):
            return sealed_deploy(seen, task, task.step)
        return await self.actions.seal(task.step, task.copy)

    async def _claim(self, seen: Snapshot, task: Task, sealed: dict[str, str]) -> Task | None:
        """P3: at this instant, in this transaction, everything that allowed the start must still be true."""
        voted = await self._voted(seen, task)
        looked = self.clock.real()

        def decide(now_seen: Snapshot) -> Change | None:
            fresh, real = next_task(now_seen), self.clock.real()
            if fresh is None or fresh.intent.id != task.intent.id or fresh.intent.stage is not Stage.RECORDED:
                return None
            if real - looked > LOOKED_LATELY:
                return None  # the store kept us waiting: disk and directory are to be asked again
            no = voted if isinstance(voted, Refusal) else self._stands(now_seen, fresh, voted)
            if no:
                return halted(now_seen, fresh, Hold(str(no), CLOCKWORK.id, self.clock.now()))
            tries, deadline = fresh.intent.tries + 1, real + task.span + GRACE
            claimed = replace(fresh.intent, stage=Stage.CLAIMED, tries=tries, deadline=deadline, sealed=sealed)
            facts = {"step": task.intent.title, "key": claimed.id, "voters": listed(voted)}
            said = told(Happened.STEP_CLAIMED, CLOCKWORK, task.run.phase, None, **facts)
            return more(change(now_seen.rollout, [said], mark=f"/claim/{claimed.id}/{tries}"), intents=(claimed,))

        written = await self.rollouts.change(task.intent.rollout, decide)
        took = written.intents if isinstance(written, Change) else ()
        return replace(task, intent=took[0]) if took else None

    async def _voted(self, seen: Snapshot, task: Task) -> Mapping[str, Person] | Refusal:
        """Who approved, as the directory knows them now, or what is doubtful; on the way back nothing is asked."""
        if task.intent.ladder is Ladder.BACK:
            return {}
        return await self._doubts(seen, task) or await voters(self.directory, task.run, task.copy)

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

    async def _hand_over(self, seen: Snapshot, task: Task, step: ByHandStep) -> bool:
        """Show the instructions. Forward, the phase waits for somebody's word, if its approvals stand; back, never."""
        if task.intent.ladder is Ladder.BACK:
            return await self._record(task, Ended(Stage.BY_HAND, step.instructions))
        claimed = await self._claim(seen, task, {})
        return claimed is None or await self._record(claimed, Ended(Stage.UNKNOWN, f"by hand: {step.instructions}"))

    async def _record(self, task: Task, ended: Ended) -> bool:
        def decide(seen: Snapshot) -> Change | None:
            before = next((each for each in seen.intents if each.id == task.intent.id), None)
            if before is None or before.stage is not task.intent.stage:
                return None
            return recorded(seen, task, ended, self.clock.now())

        return await self.rollouts.change(task.intent.rollout, decide) is not None

    async def broke(self, name: str, bug: str) -> bool:
        """Hold the step at which the bot itself broke, on the way forward or back; False when it was at none.

        Whether a step that was begun has happened is for a human to say; one that was not begun has failed.
        """
        seen = await self.rollouts.load(name)
        task = next_task(seen) if seen else None
        if task is None:
            return False
        stage = Stage.UNKNOWN if task.intent.stage is Stage.CLAIMED else Stage.FAILED
        return await self._record(task, Ended(stage, f"the bot broke ({bug}); its log has the stack"))


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _provable(task: Task) -> bool:
    return bool(task.checks) or (task.step is not None and task.step.kind in {"flags", "deploy", "revert"})
