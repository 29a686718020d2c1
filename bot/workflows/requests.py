"""Requests: what proposing, asking anew and starting a phase leave behind; each is pure and acts on nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain import approvals, moves
from bot.domain.board import Standing, unmet
from bot.domain.entries import Fact, Happened
from bot.domain.gates import When
from bot.domain.intents import Intent, Ladder
from bot.domain.people import CLOCKWORK, Person
from bot.domain.plan import Phase, Plan, ResolvedPhase
from bot.domain.posts import Place, Post
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move, PhaseRun, Rollout
from bot.domain.timers import Timer
from bot.ports import Change, Snapshot
from bot.workflows.changes import Said, change, more, told
from bot.workflows.schedule import expiry, first_readings, reminder_keys, reminders, steady_readings


def opened(name: str, plan: Plan, copy: ResolvedPhase, digest: str, by: Person, now: datetime) -> Change:
    rollout = moves.fresh(name, plan, by, now)
    opened = told(Happened.ROLLOUT_OPENED, by, "", None, plan=plan.name, title=plan.title)
    return proposed(rollout, copy, digest, by, now, (opened,))


def proposed(
    rollout: Rollout, copy: ResolvedPhase, digest: str, by: Person, now: datetime, first: tuple[Said, ...]
) -> Change:
    after = moves.propose(rollout, copy.phase, by, digest, now)
    run = after.run(copy.phase.name) or PhaseRun(copy.phase.name)
    said = told(Happened.PHASE_PROPOSED, by, run.phase, None, digest=digest, attempt=run.attempt)
    written = change(after, [*first, said])
    return more(
        written,
        copies=(copy,),
        timers=_asking(after, run, copy.phase, now),
        posts=(*written.posts, _request(after, run, digest)),
    )


def _asking(after: Rollout, run: PhaseRun, phase: Phase, now: datetime) -> tuple[Timer, ...]:
    """What a request has due: its end, its reminders, and a first look at every measured gate."""
    ends = expiry(after.name, run, now)
    return ends, *reminders(after.name, run), *first_readings(after.name, run, phase, now)


def _request(after: Rollout, run: PhaseRun, digest: str) -> Post:
    facts: dict[str, Fact] = {"digest": digest, "attempt": run.attempt}
    key = f"{after.name}/{run.key}/request/{digest}"
    return Post(key, after.name, Place.CHANNEL, "request", run.phase, run.requested_by, facts)


def reproposed(seen: Snapshot, run: PhaseRun, copy: ResolvedPhase, digest: str, now: datetime) -> Change:
    after = moves.repropose(seen.rollout, run, copy.phase, digest, now)
    changed = whats_different(seen.copies.get(run.digest), copy)
    void = len(run.approvals)
    said = told(
        Happened.PROPOSAL_CHANGED, CLOCKWORK, run.phase, Place.THREAD, changed=changed, void=void, digest=digest
    )
    fresh = after.run(run.phase) or run
    written = change(after, [said])
    return more(
        written,
        copies=(copy,),
        standings=_void(seen, run, now),
        timers=_asking(after, fresh, copy.phase, now),
        posts=(*written.posts, _request(after, fresh, digest)),
    )


def _void(seen: Snapshot, run: PhaseRun, now: datetime) -> tuple[Standing, ...]:
    """What was read or attested of other bytes stays on show, and passes nothing any more."""
    mine = [each for each in seen.board.standings if (each.phase, each.attempt) == (run.phase, run.attempt)]
    return tuple(
        replace(each, verdict=replace(each.verdict, valid_until=now)) for each in mine if each.verdict.stands(now)
    )


def whats_different(old: ResolvedPhase | None, new: ResolvedPhase) -> str:
    """Which parts of what was approved are no longer the same, in words."""
    if old is None:
        return "what was approved"
    parts = {
        "the phase's definition": old.phase != new.phase,
        "its rungs": old.rungs != new.rungs,
        "the systems": old.systems != new.systems,
        "the guilds": old.guilds != new.guilds,
        "a target's address": old.targets != new.targets,
        "a secret": old.secrets != new.secrets,
    }
    files = [f"the file {path}" for path in {*old.files, *new.files} if old.files.get(path) != new.files.get(path)]
    hashes = [f"the file {path}" for path in {*old.hashes, *new.hashes} if old.hashes.get(path) != new.hashes.get(path)]
    return ", ".join([name for name, differs in parts.items() if differs] + sorted({*files, *hashes})) or "its title"


def begun(
    seen: Snapshot, run: PhaseRun, by: Person, members: Mapping[str, Person], now: datetime, present: str = ""
) -> Change | Refusal:
    """The start of a proposed phase; `present` is who was in the asked guilds then, as the ledger keeps it."""
    copy = seen.copies.get(run.digest)
    if copy is None or run.request is None:
        return moves.illegal(seen.rollout, run, Move.START) or Refusal("not-now", f"{run.phase} is not proposed.")
    if any(each.person not in members for each in run.approvals):
        # Given since the guilds were read: whether it counts is not known, and it must not be lost either.
        return Refusal("approval-new", "Somebody approved at this very moment.", "Press Start once more.")
    gone = approvals.lapsed(run.request, members)
    if gone:
        return _lapsed(seen, run, gone)
    blocked = moves.startable(seen.rollout, seen.plan, copy.phase, now) or entry_refusal(seen, copy.phase, run, now)
    after = blocked or moves.start(seen.rollout, run, by, now)
    if isinstance(after, Refusal):
        return after
    started = after.run(run.phase) or run
    said = [told(Happened.PHASE_STARTED, by, run.phase, Place.CHANNEL, digest=run.digest, members=present or None)]
    cancels = (f"{after.name}/{run.key}/expiry", reminder_keys(after.name, run))
    intents = forward_intents(after.name, started, copy.phase)
    if intents:
        return more(change(after, said), intents=intents, cancels=cancels)
    soaking = moves.applied(after, started, now)
    said.append(told(Happened.PHASE_APPLIED, CLOCKWORK, run.phase, None))
    timers = steady_readings(soaking.name, soaking.run(run.phase) or started, copy.phase, now)
    return more(change(soaking, said), cancels=cancels, timers=timers)


def _lapsed(seen: Snapshot, run: PhaseRun, gone: tuple[approvals.Approval, ...]) -> Change:
    kept = tuple(each for each in run.approvals if each not in gone)
    after = seen.rollout.with_run(replace(run, approvals=kept))
    names = ", ".join(f"<@{each.person}> for {each.guild}" for each in gone)
    return change(after, [told(Happened.APPROVAL_LAPSED, CLOCKWORK, run.phase, Place.THREAD, names=names)])


def entry_refusal(seen: Snapshot, phase: Phase, run: PhaseRun, now: datetime) -> Refusal | None:
    """Why the entry gates do not let the steps run."""
    shut = unmet(seen.board, run, phase.gates, When.ENTRY, now)
    if not shut:
        return None
    names = ", ".join(gate.name for gate in shut)
    return Refusal("entry-gates", f"Entry gates do not pass: {names}.", f"See `/rollout gates {phase.name}`.")


def forward_intents(rollout: str, run: PhaseRun, phase: Phase) -> tuple[Intent, ...]:
    """One intent for every step, in order."""
    return tuple(
        Intent(rollout, run.phase, run.attempt, Ladder.FORWARD, order, step.title or step.kind, step=order)
        for order, step in enumerate(phase.steps)
    )
