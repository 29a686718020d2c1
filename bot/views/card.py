"""The card: the one living message of a rollout, true whenever it is drawn."""

from datetime import datetime

from bot.domain.rollout import Move, PhaseRun
from bot.ports import Meaning, Snapshot
from bot.views import signs
from bot.views.blocks import context, header, parted, section
from bot.views.buttons import row
from bot.views.limits import fit
from bot.views.message import Block, Ids, Message
from bot.views.offers import TASKS, labels, offers
from bot.views.phases import Scene, facts_lines, title_of, way_back
from bot.views.text import escape, when


def card_meanings(seen: Snapshot, now: datetime) -> tuple[Meaning, ...]:
    """What the card's buttons mean, in their order; none once the rollout is closed."""
    return offers(Scene(seen, seen.rollout.current, now))


def card(seen: Snapshot, now: datetime, ids: Ids) -> Message:
    """The whole rollout in one message."""
    run = seen.rollout.current
    scene = Scene(seen, run, now)
    lines = [line for line in facts_lines(scene) if line]
    closed = seen.rollout.closed_at
    if closed:
        lines.append(f"The rollout was closed at {when(closed)}; nothing is watched any more.")
    blocks = [
        header(f"{seen.plan.title} · {seen.rollout.name}"),
        section(_ladder(seen, run)),
        *(section(part) for part in parted(lines)),
        *(section(part) for part in parted(_task_lines(scene))),
        context(way_back(scene.phase.rollback if scene.phase else (), scene.rungs)),
        *_rows(scene, card_meanings(seen, now), ids),
    ]
    held = ", and held" if run.hold else ""
    done = "is closed" if closed else f"{escape(run.phase)} is {run.state.words}{held}"
    return fit(Message(f"{escape(seen.plan.title)}, rollout {escape(seen.rollout.name)}: {done}.", tuple(blocks)))


def _ladder(seen: Snapshot, current: PhaseRun) -> str:
    lines = []
    for run in seen.rollout.phases:
        name = f"*{escape(run.phase)}*" if run.phase == current.phase else escape(run.phase)
        lines.append(f"{signs.STATES[run.state]} {name} — {run.state.words}{', held' if run.hold else ''}")
    return "\n".join(lines)


def _task_lines(scene: Scene) -> list[str]:
    if not scene.run.opens(Move.TASK_DONE):
        return []
    tasks = scene.open_tasks()
    lines = [f"☐ {escape(title)} — {title_of(scene.seen.plan, owner)}" for _, title, owner in tasks[:TASKS]]
    rest = [f"and {len(tasks) - TASKS} more"] if len(tasks) > TASKS else []
    return ["*Tasks open*", *lines, *rest] if tasks else []


def _rows(scene: Scene, meanings: tuple[Meaning, ...], ids: Ids) -> list[Block]:
    """Moves first, then the steps and tasks that can be ticked off, then what only shows."""
    named = labels(scene, meanings)
    ticks = [each for each in meanings if each.move in {Move.TASK_DONE.value, "by-hand"}]
    rest = [each for each in meanings if each not in ticks]
    return [*row(rest, ids, named), *row(ticks, ids, named)]
