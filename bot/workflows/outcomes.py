"""Outcomes: what became of one attempt at an effect, and the change that records it."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import moves
from bot.domain.entries import Entry, Fact, Happened
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.people import CLOCKWORK
from bot.domain.posts import Place
from bot.domain.rollout import Hold, State
from bot.ports import Change, Snapshot
from bot.workflows.changes import Said, change, more, told
from bot.workflows.ladder import Task, active, finished
from bot.workflows.rollback import rolled_back
from bot.workflows.schedule import steady_readings


@dataclass(frozen=True)
class Ended:
    """What became of one attempt at an effect."""

    stage: Stage
    says: str
    commands: str = ""


def recorded(seen: Snapshot, task: Task, ended: Ended, now: datetime) -> Change:
    """The change that notes how the attempt ended; the phase moves on, holds, or goes on with its next step."""
    intent = replace(task.intent, stage=ended.stage, says=ended.says[:500])
    run = seen.rollout.run(task.run.phase) or task.run
    # A forward step that ends badly while the phase already goes back stops nothing any more.
    overtaken = run.state is State.ROLLING_BACK and intent.ladder is Ladder.FORWARD
    if ended.stage in {Stage.FAILED, Stage.UNKNOWN} and not overtaken:
        reason = f"{intent.title}: {ended.says}"[:300]
        held = Hold(reason, CLOCKWORK.id, now, intent.id)
        return more(halted(seen, task, held, ended.commands), intents=(intent,))
    rest = replace(seen, intents=tuple(intent if each.id == intent.id else each for each in seen.intents))
    mark = f"/{intent.order}/{ended.stage}/{intent.tries}"
    base = more(change(seen.rollout, [_told(task, intent, ended.commands)], mark=mark), intents=(intent,))
    if not finished(rest):
        return base
    moved = completed(rest, now)
    return more(moved, intents=(intent,), entries=(*base.entries, *moved.entries), posts=(*base.posts, *moved.posts))


def halted(seen: Snapshot, task: Task, held: Hold, commands: str = "") -> Change:
    """The phase holds because this step did not come about; `commands` is what was run for it."""
    run = seen.rollout.run(task.run.phase) or task.run
    after = moves.falter(seen.rollout, run, held)
    facts: dict[str, Fact] = {"step": task.intent.title, "says": held.reason, "intent": task.intent.id}
    facts |= {"ladder": task.intent.ladder.value, "rung": task.intent.rung, "commands": commands or None}
    said = Entry(Happened.STEP_FAILED, CLOCKWORK.id, run.phase, facts)
    return change(after, [(said, Place.CHANNEL)])


def completed(seen: Snapshot, now: datetime) -> Change:
    """Every step of the ladder is settled: forward the soak begins, back the phase is rolled back."""
    run = active(seen.rollout)
    if run is None:
        raise AssertionError("asked to complete a rollout that is not under way")
    if run.state is State.ROLLING_BACK:
        return rolled_back(seen, seen.rollout, run, now)
    after = moves.applied(seen.rollout, run, now)
    applied = after.run(run.phase) or run
    timers = steady_readings(after.name, applied, seen.copies[run.digest].phase, now)
    return more(change(after, [told(Happened.PHASE_APPLIED, CLOCKWORK, run.phase)]), timers=timers)


def _told(task: Task, intent: Intent, commands: str) -> Said:
    kind = Happened.STEP_FAILED if intent.stage in {Stage.FAILED, Stage.UNKNOWN} else Happened.STEP_DONE
    place = Place.THREAD if intent.stage is not Stage.RECORDED else None
    facts = {"step": intent.title, "says": intent.says, "stage": intent.stage.value, "ladder": intent.ladder.value}
    more_facts = {"rung": intent.rung, "intent": intent.id, "commands": commands or None}
    return Entry(kind, CLOCKWORK.id, task.run.phase, {**facts, **more_facts}), place
