"""Rollback: the ladder by which a phase goes back, begun by people or by a failing gate after a countdown."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import moves
from bot.domain.entries import Happened
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.people import CLOCKWORK, Kind, Person
from bot.domain.plan import ResolvedPhase
from bot.domain.posts import Place
from bot.domain.refusals import Refusal
from bot.domain.rollout import Hold, PhaseRun, Rollout
from bot.domain.timers import Timer
from bot.domain.verdicts import Outcome
from bot.ports import Change, Clock, RolloutStore, Snapshot
from bot.workflows.changes import change, more, told
from bot.workflows.gates import Gates
from bot.workflows.ladder import of_run
from bot.workflows.schedule import timer_keys, watch_again


@dataclass(frozen=True)
class Rollbacks:
    """Begin, snooze, retry; the runner climbs down the rungs."""

    rollouts: RolloutStore
    gates: Gates
    clock: Clock

    async def begin(self, name: str, phase: str, reason: str, by: Person) -> Change | Refusal | None:
        """Take a phase back; possible in every non-final state, from the copy that was approved."""
        return await self.rollouts.change(name, lambda seen: self._began(seen, phase, reason, by))

    def _began(self, seen: Snapshot, phase: str, reason: str, by: Person) -> Change | Refusal:
        run = seen.rollout.run(phase) or PhaseRun(phase)
        copy = seen.copies.get(run.digest)
        after = moves.roll_back(seen.rollout, run, reason, self.clock.now())
        if isinstance(after, Refusal) or copy is None:
            return after if isinstance(after, Refusal) else Refusal("not-now", f"{phase} was never started.")
        intents = back_intents(after.name, run, copy)
        dropped = tuple(
            replace(each, stage=Stage.DROPPED)
            for each in seen.intents
            if each.ladder is Ladder.FORWARD and each.phase == phase and each.open and each.stage is not Stage.CLAIMED
        )
        lost = "; ".join(filter(None, (copy.rungs[name].cannot_bring_back.rstrip(".") for name in copy.phase.rollback)))
        facts = {"reason": reason, "rungs": ", ".join(copy.phase.rollback), "cannot_bring_back": lost}
        # A rollback that the bot begins was announced by its countdown.
        place = Place.THREAD if by.kind is Kind.CLOCKWORK else Place.CHANNEL
        said = [told(Happened.ROLLBACK_BEGAN, by, phase, place, **facts)]
        begun = more(change(after, said), intents=(*dropped, *intents), cancels=timer_keys(after.name, run))
        if intents:
            return begun
        ended = rolled_back(seen, after, after.run(phase) or run, self.clock.now())
        return more(
            ended,
            entries=(*begun.entries, *ended.entries),
            posts=(*begun.posts, *ended.posts),
            intents=begun.intents,
            cancels=begun.cancels,
        )

    async def countdown_over(self, timer: Timer) -> datetime | None:
        """The announced moment has come: read the gate once more, then go back unless it recovered.

        An unreadable gate is no reason to act: the phase holds and people are told. So it is where a newer phase
        has gone forward meanwhile.
        """
        await self.gates.read_due((timer,))
        real = self.clock.real()

        def decide(seen: Snapshot) -> Change | Refusal | None:
            run = seen.rollout.run(timer.phase)
            if run is None or run.attempt != timer.attempt or run.countdown is None or real < run.countdown.until:
                return None
            if seen.rollout.closed_at is not None:
                return None
            gate, standing = run.countdown.gate, seen.board.standing(run, run.countdown.gate)
            outcome = standing.verdict.outcome if standing else Outcome.ERROR
            if outcome is Outcome.ERROR:
                return self._called_off(seen, run, f"{gate} failed and cannot be measured now")
            if standing is None or outcome is not Outcome.FAIL:
                return self._called_off(seen, run)
            began = self._began(seen, run.phase, f"{gate} failed: {standing.verdict.says}", CLOCKWORK)
            return began if isinstance(began, Change) else self._called_off(seen, run, f"{gate} of {run.phase} failed")

        await self.rollouts.change(timer.rollout, decide)
        live = await self.rollouts.load(timer.rollout)
        run = live.rollout.run(timer.phase) if live and live.rollout.closed_at is None else None
        return run.countdown.until if run and run.attempt == timer.attempt and run.countdown else None

    def _called_off(self, seen: Snapshot, run: PhaseRun, reason: str = "") -> Change:
        """End the countdown without going back; with a reason, the newest phase holds, and that is what is told."""
        gate = run.countdown.gate if run.countdown else ""
        after = moves.stop_countdown(seen.rollout, run)
        place = None if reason else Place.THREAD
        said = [told(Happened.COUNTDOWN_STOPPED, CLOCKWORK, run.phase, place, gate=gate)]
        newest = after.newest_forward
        held = Hold(reason, CLOCKWORK.id, self.clock.now())
        holding = moves.hold(after, newest, held) if newest and reason else None
        if newest is None or not isinstance(holding, Rollout):
            return change(after, said)
        said.append(told(Happened.PHASE_HELD, CLOCKWORK, newest.phase, Place.CHANNEL, reason=reason))
        return change(holding, said)

    async def snooze(self, name: str, phase: str, by: Person) -> Change | Refusal | None:
        """Put the announced rollback off."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            after = moves.snooze(seen.rollout, run, self.clock.real())
            if isinstance(after, Refusal):
                return after
            return change(after, [told(Happened.COUNTDOWN_SNOOZED, by, phase, minutes=moves.SNOOZE.seconds // 60)])

        return await self.rollouts.change(name, decide)

    async def retry(self, name: str, phase: str, by: Person) -> Change | Refusal | None:
        """Attempt the failed step again, forward or back."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            after = moves.retry(seen.rollout, run)
            if isinstance(after, Refusal):
                return after
            again = tuple(replace(each, stage=Stage.RECORDED) for each in stuck(seen, run))
            return more(change(after, [told(Happened.STEP_RETRIED, by, phase)]), intents=again)

        return await self.rollouts.change(name, decide)

    async def by_hand(self, name: str, phase: str, intent: str, statement: str, by: Person) -> Change | Refusal | None:
        """A person did this step, or saw that it is done, and says so; the ladder goes on."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            step = next((each for each in seen.intents if each.id == intent), None)
            waits = {Stage.FAILED, Stage.UNKNOWN, Stage.BY_HAND}
            closed = moves.closed_refusal(seen.rollout)
            waiting = step is not None and step in of_run(seen, run) and step.stage in waits
            no = Refusal("not-now", "This step does not wait for anybody's word.", "See `/rollout status`.")
            if closed or step is None or not waiting:
                return closed or no
            if not statement.strip():
                return Refusal("reason", "Say what you did and what you saw.")
            done = replace(step, stage=Stage.DONE, says=f"by hand: {statement}")
            lifted = replace(run, hold=None) if run.hold and run.hold.step == step.id else run
            after = seen.rollout.with_run(lifted)
            said = told(Happened.STEP_ATTESTED, by, phase, step=step.title, statement=statement)
            return more(change(after, [said]), intents=(done,))

        return await self.rollouts.change(name, decide)


def stuck(seen: Snapshot, run: PhaseRun) -> tuple[Intent, ...]:
    """The steps of this attempt that wait for a human."""
    return tuple(each for each in of_run(seen, run) if each.stage in {Stage.FAILED, Stage.UNKNOWN})


def back_intents(rollout: str, run: PhaseRun, copy: ResolvedPhase) -> tuple[Intent, ...]:
    """One intent for every step of every rung, and one to verify the rung before the next."""
    intents: list[Intent] = []
    for name in copy.phase.rollback:
        rung = copy.rungs[name]
        titles = [step.title or step.kind for step in rung.steps]
        titles += [f"verify: {rung.title}"] if rung.verify else []
        for number, title in enumerate(titles):
            place = len(intents)
            intents.append(Intent(rollout, run.phase, run.attempt, Ladder.BACK, place, title, name, number))
    return tuple(intents)


def rolled_back(seen: Snapshot, after: Rollout, run: PhaseRun, now: datetime) -> Change:
    """The change that ends the ladder; the phase before, if one has passed, is watched again."""
    done = moves.back(after, run, now)
    said = told(Happened.PHASE_ROLLED_BACK, CLOCKWORK, run.phase, Place.CHANNEL, reason=run.locked)
    return more(change(done, [said]), timers=watch_again(seen, done, now))
