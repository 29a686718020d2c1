"""Proposals: preview a phase, ask for approvals, collect the answers, and start what was approved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import approvals, moves
from bot.domain.approvals import Approval
from bot.domain.board import unmet
from bot.domain.entries import Fact, Happened
from bot.domain.gates import When
from bot.domain.intents import Intent, Ladder
from bot.domain.people import CLOCKWORK, Person
from bot.domain.plan import Phase, Plan, ResolvedPhase
from bot.domain.posts import Place, Post
from bot.domain.previews import Preview
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move, PhaseRun, Rollout, State
from bot.domain.timers import Timer, TimerKind
from bot.ports import Change, Clock, Directory, PlanShelf, RolloutStore, Sheet, Snapshot, Unreachable, Unresolvable
from bot.workflows.changes import Said, change, more, told
from bot.workflows.schedule import first_readings, steady_readings


@dataclass(frozen=True)
class Proposals:
    """Preview, propose, approve, withdraw, deny, expire, start."""

    rollouts: RolloutStore
    shelf: PlanShelf
    directory: Directory
    sheet: Sheet
    clock: Clock

    async def preview(self, plan: Plan, phase: str) -> Preview | Refusal:
        """Show what `start` would propose; changes nothing."""
        if plan.phase(phase) is None:
            return moves.unknown_phase(plan, phase)
        resolved = self._resolve(plan, phase)
        if isinstance(resolved, Refusal):
            return resolved
        live = await self.rollouts.live(plan.name)
        rollout = live[0].rollout if live else moves.fresh("", plan, CLOCKWORK, self.clock.now())
        copy, digest = resolved
        refusal = moves.proposable(rollout, plan, copy.phase, self.clock.now())
        return Preview(plan.name, rollout.name, copy, digest, await self.sheet.differences(copy), refusal)

    async def start(self, plan: Plan, phase: str, by: Person) -> Change | Refusal | None:
        """Propose the phase; or run it, when it is proposed and its approvals stand."""
        if plan.phase(phase) is None:
            return moves.unknown_phase(plan, phase)
        live = await self.rollouts.live(plan.name)
        if live:
            run = live[0].rollout.run(phase)
            if run is not None and run.state is State.PROPOSED:
                return await self.begin(live[0], phase, by)
        return await self._propose(plan, phase, by, live[0] if live else None)

    async def _propose(self, plan: Plan, phase: str, by: Person, live: Snapshot | None) -> Change | Refusal | None:
        now = self.clock.now()
        wanted = plan.phase(phase)
        current = live.rollout if live else moves.fresh("", plan, by, now)
        # Asked before resolving, so that "comes after staging" is not hidden by a missing variable of canary.
        no = moves.proposable(current, plan, wanted, now) if wanted else moves.unknown_phase(plan, phase)
        resolved = no or self._resolve(plan, phase)
        if isinstance(resolved, Refusal):
            return resolved
        copy, digest = resolved
        if live is None:
            return await self.rollouts.open(plan, lambda name: _opened(name, plan, copy, digest, by, now))

        def decide(seen: Snapshot) -> Change | Refusal:
            refused = moves.proposable(seen.rollout, plan, copy.phase, now)
            return refused or _proposed(seen.rollout, copy, digest, by, now, ())

        return await self.rollouts.change(live.rollout.name, decide)

    async def begin(self, live: Snapshot, phase: str, by: Person) -> Change | Refusal | None:
        """Use the approvals and record the steps as intents; nothing is done here.

        The phase is resolved again: when the bytes are no longer those that were approved, the approvals are
        void and the request is made anew, saying what changed. Membership is read again as well.
        """
        now = self.clock.now()
        run = live.rollout.run(phase) or PhaseRun(phase)
        resolved = self._resolve(self._plan(live), phase)
        if isinstance(resolved, Refusal):
            return resolved
        copy, digest = resolved
        members = await voters(self.directory, run, copy)
        if isinstance(members, Refusal):
            return members

        def decide(seen: Snapshot) -> Change | Refusal:
            fresh = seen.rollout.run(phase) or PhaseRun(phase)
            if fresh.state is State.PROPOSED and fresh.digest != digest:
                return _reproposed(seen, fresh, copy, digest, now)
            return _begun(seen, fresh, by, members, now)

        return await self.rollouts.change(live.rollout.name, decide)

    def _plan(self, live: Snapshot) -> Plan:
        # The plan on disk, if it is still there: its changes must void the approvals, not be overlooked.
        return next((plan for plan in self.shelf.plans() if plan.name == live.rollout.plan), live.plan)

    async def approve(self, name: str, phase: str, guild: str, digest: str, by: Person) -> Change | Refusal | None:
        """Record one person's yes for one guild and exactly this digest ("" means: what is asked now)."""
        live = await self.rollouts.load(name)
        named = live.plan.guilds.get(guild) if live else None
        try:
            members = await self.directory.members(named) if named else ()
        except Unreachable as why:
            return _unreadable(guild, why)

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            vote = Approval(by.id, by.name, guild, self.clock.now(), digest or run.digest, members)
            after = moves.approve(seen.rollout, run, vote, by)
            if isinstance(after, Refusal):
                return after
            return change(after, [_answer(Happened.APPROVAL_GIVEN, after, phase, by, guild=guild)])

        return await self.rollouts.change(name, decide)

    async def withdraw(self, name: str, phase: str, by: Person) -> Change | Refusal | None:
        """Take one's own yes back."""

        def decide(seen: Snapshot) -> Change | Refusal:
            after = moves.withdraw(seen.rollout, seen.rollout.run(phase) or PhaseRun(phase), by)
            if isinstance(after, Refusal):
                return after
            return change(after, [_answer(Happened.APPROVAL_WITHDRAWN, after, phase, by)])

        return await self.rollouts.change(name, decide)

    async def deny(self, name: str, phase: str, reason: str, by: Person) -> Change | Refusal | None:
        """Say no with a reason: the proposal ends."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            after = moves.deny(seen.rollout, run, by, reason, self.clock.now())
            if isinstance(after, Refusal):
                return after
            said = told(Happened.PHASE_DENIED, by, phase, Place.CHANNEL, reason=reason)
            return more(change(after, [said]), cancels=timer_keys(after.name, run))

        return await self.rollouts.change(name, decide)

    async def expire(self, timer: Timer) -> Change | Refusal | None:
        """End a request whose time is over."""

        def decide(seen: Snapshot) -> Change | None:
            run = seen.rollout.run(timer.phase) or PhaseRun(timer.phase)
            after = moves.expire(seen.rollout, run, self.clock.now()) if run.attempt == timer.attempt else None
            if after is None:
                return None
            said = told(Happened.APPROVAL_EXPIRED, CLOCKWORK, timer.phase, Place.CHANNEL)
            return more(change(after, [said]), cancels=timer_keys(after.name, run))

        return await self.rollouts.change(timer.rollout, decide)

    def _resolve(self, plan: Plan, phase: str) -> tuple[ResolvedPhase, str] | Refusal:
        try:
            return self.shelf.resolve(plan, phase)
        except Unresolvable as why:
            return Refusal("unresolvable", str(why))


def _unreadable(guild: str, why: Unreachable) -> Refusal:
    return Refusal(
        "directory", f"The members of {guild} cannot be read now: {why}.", "Nothing was recorded; try again."
    )


async def voters(directory: Directory, run: PhaseRun, copy: ResolvedPhase) -> Mapping[str, Person] | Refusal:
    """Everybody who said yes, as the directory knows them now; closed when it cannot be read."""
    try:
        return {each.person: await directory.person(each.person, copy.guilds) for each in run.approvals}
    except Unreachable as why:
        return _unreadable("the approving guilds", why)


def _answer(kind: Happened, after: Rollout, phase: str, by: Person, guild: str = "") -> Said:
    run = after.run(phase) or PhaseRun(phase)
    missing = run.request.missing() if run.request else {}
    facts = {"guild": guild, "missing": approvals.listed(missing), "digest": run.digest}
    return told(kind, by, phase, Place.THREAD, **facts)


def timer_keys(rollout: str, run: PhaseRun) -> tuple[str, ...]:
    """The prefix of every timer of this attempt."""
    return (f"{rollout}/{run.key}/",)


def _opened(name: str, plan: Plan, copy: ResolvedPhase, digest: str, by: Person, now: datetime) -> Change:
    rollout = moves.fresh(name, plan, by, now)
    opened = told(Happened.ROLLOUT_OPENED, by, "", None, plan=plan.name, title=plan.title)
    return _proposed(rollout, copy, digest, by, now, (opened,))


def _proposed(
    rollout: Rollout, copy: ResolvedPhase, digest: str, by: Person, now: datetime, first: tuple[Said, ...]
) -> Change:
    after = moves.propose(rollout, copy.phase, by, digest, now)
    run = after.run(copy.phase.name) or PhaseRun(copy.phase.name)
    said = told(Happened.PHASE_PROPOSED, by, run.phase, None, digest=digest, attempt=run.attempt)
    expiry = Timer(
        f"{after.name}/{run.key}/expiry",
        TimerKind.APPROVAL_EXPIRY,
        run.expires_at or now,
        after.name,
        run.phase,
        run.attempt,
    )
    written = change(after, [*first, said])
    return more(
        written,
        copies=(copy,),
        timers=(expiry, *first_readings(after.name, run, copy.phase, now)),
        posts=(*written.posts, _request(after, run, digest)),
    )


def _request(after: Rollout, run: PhaseRun, digest: str) -> Post:
    facts: dict[str, Fact] = {"digest": digest, "attempt": run.attempt}
    key = f"{after.name}/{run.key}/request/{digest}"
    return Post(key, after.name, Place.CHANNEL, "request", run.phase, run.requested_by, facts)


def _reproposed(seen: Snapshot, run: PhaseRun, copy: ResolvedPhase, digest: str, now: datetime) -> Change:
    after = moves.repropose(seen.rollout, run, copy.phase, digest, now)
    changed = whats_different(seen.copies.get(run.digest), copy)
    void = len(run.approvals)
    said = told(
        Happened.PROPOSAL_CHANGED, CLOCKWORK, run.phase, Place.THREAD, changed=changed, void=void, digest=digest
    )
    fresh = after.run(run.phase) or run
    written = change(after, [said])
    return more(written, copies=(copy,), posts=(*written.posts, _request(after, fresh, digest)))


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


def _begun(seen: Snapshot, run: PhaseRun, by: Person, members: Mapping[str, Person], now: datetime) -> Change | Refusal:
    copy = seen.copies.get(run.digest)
    if copy is None or run.request is None:
        return moves.illegal(seen.rollout, run, Move.START) or Refusal("not-now", f"{run.phase} is not proposed.")
    gone = approvals.lapsed(run.request, members)
    if gone:
        return _lapsed(seen, run, gone)
    blocked = _out_of_order(seen, copy.phase) or entry_refusal(seen, copy.phase, run, now)
    after = blocked or moves.start(seen.rollout, run, by, now)
    if isinstance(after, Refusal):
        return after
    started = after.run(run.phase) or run
    said = [told(Happened.PHASE_STARTED, by, run.phase, Place.CHANNEL, digest=run.digest)]
    cancels = (f"{after.name}/{run.key}/expiry",)
    intents = forward_intents(after.name, started, copy.phase)
    if intents:
        return more(change(after, said), intents=intents, cancels=cancels)
    soaking = moves.applied(after, started, now)
    said.append(told(Happened.PHASE_APPLIED, CLOCKWORK, run.phase, None))
    timers = steady_readings(soaking.name, soaking.run(run.phase) or started, copy.phase, now)
    return more(change(soaking, said), cancels=cancels, timers=timers)


def _out_of_order(seen: Snapshot, phase: Phase) -> Refusal | None:
    before = seen.rollout.run(phase.after) if phase.after else None
    if before is None or before.state is State.PASSED:
        return None
    return Refusal("order", f"{phase.name} comes after {before.phase}, and {before.phase} is {before.state.words}.")


def _lapsed(seen: Snapshot, run: PhaseRun, gone: tuple[Approval, ...]) -> Change:
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
