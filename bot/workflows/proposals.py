"""Proposals: preview a phase, ask for approvals, collect the answers, and start what was approved."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import approvals, moves
from bot.domain.approvals import Approval
from bot.domain.entries import Happened
from bot.domain.people import CLOCKWORK, Person
from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.posts import Place
from bot.domain.previews import Preview
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun, Rollout, State
from bot.domain.timers import Timer
from bot.ports import Change, Clock, Directory, PlanShelf, RolloutStore, Sheet, Snapshot, Unreachable, Unresolvable
from bot.workflows.changes import Said, change, more, told
from bot.workflows.requests import begun, opened, proposed, reproposed
from bot.workflows.rosters import roster, rosters
from bot.workflows.schedule import timer_keys


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
            return await self.rollouts.open(plan, lambda name: opened(name, plan, copy, digest, by, now))

        def decide(seen: Snapshot) -> Change | Refusal:
            refused = moves.proposable(seen.rollout, plan, copy.phase, now)
            return refused or proposed(seen.rollout, copy, digest, by, now, ())

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
        try:
            present = await rosters(self.directory, run.quorum or {}, copy.guilds)
        except Unreachable as why:
            return _unreadable("the approving guilds", why)

        def decide(seen: Snapshot) -> Change | Refusal:
            fresh = seen.rollout.run(phase) or PhaseRun(phase)
            if fresh.state is State.PROPOSED and fresh.digest != digest:
                return reproposed(seen, fresh, copy, digest, now)
            return begun(seen, fresh, by, members, now, present)

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
            given = {"members": roster(members), "name": by.name}
            return change(after, [_answer(Happened.APPROVAL_GIVEN, after, phase, by, guild=guild, **given)])

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
        except KeyError:
            return Refusal("unresolvable", f"The plan on disk has no phase '{phase}' any more.", "Put it back.")


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


def _answer(kind: Happened, after: Rollout, phase: str, by: Person, guild: str = "", **given: str) -> Said:
    run = after.run(phase) or PhaseRun(phase)
    missing = run.request.missing() if run.request else {}
    facts = {"guild": guild, "missing": approvals.listed(missing), "digest": run.digest, **given}
    return told(kind, by, phase, Place.THREAD, **facts)
