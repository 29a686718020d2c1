"""The ladder: which of a rollout's intents comes next, with everything that doing it needs."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.gates import Check
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.plan import ResolvedPhase
from bot.domain.rollout import PhaseRun, Rollout, State
from bot.domain.steps import DeployStep, RevertStep, Step
from bot.ports import Snapshot


@dataclass(frozen=True)
class Task:
    """One intent with everything it needs: `step` is None when a rung is to be verified."""

    intent: Intent
    run: PhaseRun
    copy: ResolvedPhase
    step: Step | None
    checks: tuple[Check, ...] = ()

    @property
    def span(self) -> timedelta:
        """How long the effect may take, its read-back included."""
        timeout = getattr(self.step, "timeout", timedelta())
        return timeout + max((check.within for check in self.checks), default=timedelta())


def active(rollout: Rollout) -> PhaseRun | None:
    """The run whose intents are to be done."""
    return next((run for run in rollout.phases if run.state in {State.STARTING, State.ROLLING_BACK}), None)


def of_run(seen: Snapshot, run: PhaseRun) -> tuple[Intent, ...]:
    mine = (each for each in seen.intents if (each.phase, each.attempt) == (run.phase, run.attempt))
    return tuple(sorted(mine, key=lambda each: (each.ladder is Ladder.BACK, each.order)))


def next_task(seen: Snapshot) -> Task | None:
    """The next thing to do: first what may have begun, then the next step of the ladder, unless it is held."""
    run = active(seen.rollout)
    copy = seen.copies.get(run.digest) if run else None
    if run is None or copy is None:
        return None
    mine = of_run(seen, run)
    claimed = next((each for each in mine if each.stage is Stage.CLAIMED), None)
    if claimed:
        return _task(claimed, run, copy)
    ladder = Ladder.FORWARD if run.state is State.STARTING else Ladder.BACK
    waiting = next((each for each in mine if each.ladder is ladder and each.open), None)
    if waiting is None or waiting.stage is not Stage.RECORDED or run.hold is not None:
        return None
    return _task(waiting, run, copy)


def finished(seen: Snapshot) -> bool:
    """Whether every intent of the ladder under way is settled."""
    run = active(seen.rollout)
    if run is None:
        return False
    ladder = Ladder.FORWARD if run.state is State.STARTING else Ladder.BACK
    mine = of_run(seen, run)
    open_now = [each for each in mine if each.open and (each.ladder is ladder or each.stage is Stage.CLAIMED)]
    return not open_now and any(each.ladder is ladder for each in mine)


def _task(intent: Intent, run: PhaseRun, copy: ResolvedPhase) -> Task:
    if intent.ladder is Ladder.FORWARD:
        step = copy.phase.steps[intent.step]
        return Task(intent, run, copy, step, getattr(step, "proof", ()))
    rung = copy.rungs[intent.rung]
    if intent.step >= len(rung.steps):
        return Task(intent, run, copy, None, rung.verify)
    step = rung.steps[intent.step]
    return Task(intent, run, copy, step, getattr(step, "proof", ()))


def sealed_deploy(seen: Snapshot, task: Task, step: RevertStep) -> dict[str, str]:
    """What the deploy step of the same system found running before it, in this attempt."""
    for intent in of_run(seen, task.run):
        forward = intent.ladder is Ladder.FORWARD
        if forward and _deploys(task.copy.phase.steps[intent.step], step.system) and intent.sealed:
            return intent.sealed
    return {}


def never_deployed(seen: Snapshot, task: Task, step: RevertStep) -> bool:
    """Whether the phase has a deploy step of this system, and it was not even attempted."""
    steps = task.copy.phase.steps
    forward = [each for each in of_run(seen, task.run) if each.ladder is Ladder.FORWARD]
    deploys = [each for each in forward if _deploys(steps[each.step], step.system)]
    return bool(deploys) and not any(each.tries or each.stage is Stage.DONE for each in deploys)


def _deploys(step: Step, system: str) -> bool:
    return isinstance(step, DeployStep) and step.system == system
