"""Waiting: what a rollout waits for from one person, each with the buttons that answer it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.approvals import awaited
from bot.domain.gates import Gate
from bot.domain.people import Person
from bot.domain.permissions import Right, may
from bot.domain.probes import AttestProbe
from bot.domain.reasons import guild_title
from bot.domain.rollout import Move, PhaseRun, State
from bot.ports import Meaning
from bot.views.offers import labels, meaning, offers
from bot.views.phases import Scene, approvals_line, title_of
from bot.views.text import code, count, escape, mention, short, when

_GATES = 5
_STEPS = 3
# What only those who run the plan can do, and what it is called where it waits.
_RUNS = {
    Move.START.value: "approved; it can be started by somebody whose yes it does not need",
    Move.PROMOTE.value: "the soak is earned and the exit gates pass; it can be promoted",
    Move.RETRY.value: "a step did not come about; retry it, or give your word for it",
    "preview": "comes next; look at what it would do, and propose it",
}


@dataclass(frozen=True)
class Wait:
    """One thing that waits: its words, harmless already, and its buttons with their labels."""

    words: str
    buttons: tuple[tuple[Meaning, str], ...]


def waiting(scene: Scene, person: Person) -> Iterator[Wait]:
    """Everything about this phase that the person may answer; nothing for whom the rules would refuse."""
    if scene.seen.rollout.closed_at is not None or not person.counts:
        return
    yield from _approvals(scene, person)
    yield from _words(scene, person)
    yield from _by_hand(scene, person)
    yield from _tasks(scene, person)
    yield from _runs(scene, person)


def _head(scene: Scene) -> str:
    return f"*{escape(scene.seen.plan.title)} · {escape(scene.run.phase)}*"


def _approvals(scene: Scene, person: Person) -> Iterator[Wait]:
    run = scene.run
    guilds = sorted(awaited(run.request, person, scene.now)) if run.state is State.PROPOSED and run.request else []
    if not guilds:
        return
    named = " or ".join(title_of(scene.seen.plan, guild) for guild in guilds)
    until = f" · expires {when(run.expires_at)}" if run.expires_at else ""
    asked = f"{mention(run.requested_by)} asks for the yes of {named}{until} · digest {code(short(run.digest))}"
    buttons = [
        (meaning(scene, Move.APPROVE.value, guild), f"Approve for {guild_title(scene.seen.plan, guild)}")
        for guild in guilds
    ]
    buttons += [(meaning(scene, Move.DENY.value), ""), (meaning(scene, "request"), "")]
    yield Wait(f"📋 {_head(scene)} — {asked}\n{_what(scene)}\n{approvals_line(scene)}", tuple(buttons))


def _what(scene: Scene) -> str:
    """What would happen, in a line; all of it stands in the request."""
    phase = scene.phase
    if phase is None:
        return "The plan no longer has this phase."
    steps = ", ".join(escape(each.title or each.kind, 60) for each in phase.steps[:_STEPS])
    more = f" and {len(phase.steps) - _STEPS} more" if len(phase.steps) > _STEPS else ""
    said = f"{count(len(phase.steps), 'step')}: {steps}{more}" if phase.steps else "No steps"
    return f"{said} · {count(len(phase.gates), 'gate')}"


def _words(scene: Scene, person: Person) -> Iterator[Wait]:
    gates = [gate for gate in scene.unattested() if person.speaks_for(_owner(gate))]
    if not gates or not scene.run.opens(Move.ATTEST) or not scene.run.digest:
        return
    named = ", ".join(code(gate.name) for gate in gates[:_GATES])
    more = f" and {len(gates) - _GATES} more" if len(gates) > _GATES else ""
    words = f"📝 {_head(scene)} — waits for your word: {named}{more}"
    yield Wait(words, ((meaning(scene, Move.ATTEST.value), ""),))


def _owner(gate: Gate) -> str:
    return gate.probe.by if isinstance(gate.probe, AttestProbe) else ""


def _by_hand(scene: Scene, person: Person) -> Iterator[Wait]:
    if not _may(scene, person, Right.BACK) or scene.run.state not in {State.STARTING, State.ROLLING_BACK}:
        return
    for each in scene.by_hand():
        said = f": {escape(each.says)}" if each.says else ""
        words = f"🔔 {_head(scene)} — by hand: *{escape(each.title)}*{said}"
        yield Wait(words, ((meaning(scene, "by-hand", each.id), "Done by hand…"),))


def _tasks(scene: Scene, person: Person) -> Iterator[Wait]:
    if not scene.run.opens(Move.TASK_DONE):
        return
    for name, title, owner in scene.open_tasks():
        if person.speaks_for(owner):
            words = f"☐ {_head(scene)} — task: {escape(title)}"
            yield Wait(words, ((meaning(scene, Move.TASK_DONE.value, name), ""),))


def _runs(scene: Scene, person: Person) -> Iterator[Wait]:
    if not _may(scene, person, Right.RUN):
        return
    open_now = offers(scene)
    named = labels(scene, open_now)
    for each in open_now:
        words = _RUNS.get(each.move)
        if words and not _own_yes(scene.run, person, each):
            head = f"*{escape(scene.seen.plan.title)} · {escape(each.phase)}*"
            yield Wait(f"🟢 {head} — {words}", ((each, named.get(each, "")),))


def _own_yes(run: PhaseRun, person: Person, move: Meaning) -> bool:
    """Whether this would be refused, since whose yes is needed cannot start the phase."""
    request = run.request
    return move.move == Move.START.value and (request is None or bool(request.missing(runner=person.id)))


def _may(scene: Scene, person: Person, right: Right) -> bool:
    copy = scene.seen.copies.get(scene.run.digest)
    run_by = copy.run_by if copy else scene.seen.plan.run_by
    return may(person, right, run_by, scene.run.quorum or {}) is None
