"""Offers: the buttons that fit a phase: the moves that the table opens, less those that would be refused."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from bot.domain.reasons import next_phase
from bot.domain.rollout import Move, State
from bot.ports import Meaning, Snapshot
from bot.views.phases import Scene

_BUSY: Final = frozenset({State.PROPOSED, State.STARTING, State.SOAKING, State.READY, State.ROLLING_BACK})
TASKS: Final = 5
_STEPS: Final = 3


def offers(scene: Scene) -> tuple[Meaning, ...]:
    """What the buttons of this phase mean, in their order; none once the rollout is closed."""
    if scene.seen.rollout.closed_at is not None:
        return ()
    return (*_moves(scene), *_hand_steps(scene), *_tasks(scene), *_onward(scene), *_looks(scene))


def labels(scene: Scene, meanings: Iterable[Meaning]) -> dict[Meaning, str]:
    """Words for the buttons that name what they are about."""
    titles = {name: title for name, title, _ in scene.open_tasks()}
    steps = {each.id: each.title for each in scene.by_hand()}
    named = {}
    for each in meanings:
        if each.move == Move.TASK_DONE.value:
            named[each] = f"Done: {titles.get(each.subject, each.subject)}"
        elif each.move == "by-hand":
            named[each] = f"Done by hand: {steps.get(each.subject, each.subject)}"
        elif each.move == "preview":
            named[each] = f"Preview {each.phase}"
    return named


def meaning(scene: Scene, move: str, subject: str = "") -> Meaning:
    run = scene.run
    return Meaning(scene.seen.rollout.name, move, run.phase, run.attempt, run.digest, subject)


def _moves(scene: Scene) -> Iterator[Meaning]:
    """The people's moves that the table opens, less those that belong elsewhere or would surely be refused."""
    for move in scene.run.moves():
        fits = _FITS.get(move)
        if fits is None or fits(scene):
            yield meaning(scene, move.value)


def _never(_scene: Scene) -> bool:
    return False


def _approved(scene: Scene) -> bool:
    request = scene.run.request
    return request is not None and not request.missing()


def _newest(scene: Scene) -> bool:
    newest = scene.seen.rollout.newest_forward
    return newest is not None and newest.phase == scene.run.phase


_FITS: Final[Mapping[Move, Callable[[Scene], bool]]] = {
    Move.PROPOSE: _never,  # by way of the preview
    Move.APPROVE: _never,  # these three stand on the request, beside what is approved
    Move.WITHDRAW: _never,
    Move.DENY: _never,
    Move.TASK_DONE: _never,  # one button for each task
    Move.START: _approved,
    Move.ABORT: lambda scene: not scene.acted(),
    Move.ATTEST: lambda scene: bool(scene.unattested()),
    Move.WAIVE: lambda scene: bool(scene.waivable()),
    Move.RESUME: lambda scene: scene.run.hold is not None and not scene.run.hold.step,
    Move.RETRY: lambda scene: scene.run.hold is not None and bool(scene.run.hold.step),
    Move.SNOOZE: lambda scene: scene.run.countdown is not None,
    Move.ROLL_BACK: _newest,
}


def _hand_steps(scene: Scene) -> Iterator[Meaning]:
    yield from (meaning(scene, "by-hand", each.id) for each in scene.by_hand()[:_STEPS])


def _tasks(scene: Scene) -> Iterator[Meaning]:
    if scene.run.opens(Move.TASK_DONE):
        yield from (meaning(scene, Move.TASK_DONE.value, name) for name, _, _ in scene.open_tasks()[:TASKS])


def _onward(scene: Scene) -> Iterator[Meaning]:
    if any(run.state in _BUSY for run in scene.seen.rollout.phases):
        return
    after = next_phase(scene.seen.rollout, scene.seen.plan)
    if after is not None:
        yield preview_meaning(scene.seen, after.name)
    yield Meaning(scene.seen.rollout.name, "close")


def preview_meaning(seen: Snapshot, phase: str) -> Meaning:
    """Show a phase of this rollout's plan; the plan is the subject, since a preview needs no rollout."""
    return Meaning(seen.rollout.name, "preview", phase, subject=seen.plan.name)


def _looks(scene: Scene) -> Iterator[Meaning]:
    yield meaning(scene, "why")
    if scene.gates and scene.run.digest:
        yield meaning(scene, "gates")
