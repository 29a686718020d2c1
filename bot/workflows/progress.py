"""Progress: promote, hold, resume, abort, close and tick off tasks; what people do to a running phase."""

from dataclasses import dataclass, replace

from bot.domain import moves
from bot.domain.board import Soaked, unmet
from bot.domain.entries import Happened
from bot.domain.gates import When
from bot.domain.intents import Stage
from bot.domain.people import Person
from bot.domain.posts import Place
from bot.domain.refusals import Refusal
from bot.domain.rollout import Hold, Move, PhaseRun, State
from bot.domain.watch import Watched, settle
from bot.ports import Change, Clock, RolloutStore, Snapshot
from bot.workflows.changes import change, more, told
from bot.workflows.schedule import timer_keys, watch_again


@dataclass(frozen=True)
class Progress:
    """The moves that touch no target; each is one transaction."""

    rollouts: RolloutStore
    clock: Clock

    async def promote(self, name: str, phase: str, by: Person) -> Change | Refusal | None:
        """Pass the phase, when its soak is done and every exit gate passes freshly or is waived."""

        def decide(seen: Snapshot) -> Change | Refusal:
            now = self.clock.now()
            run = seen.rollout.run(phase) or PhaseRun(phase)
            copy = seen.copies.get(run.digest)
            if copy is None:
                return moves.illegal(seen.rollout, run, Move.PROMOTE) or _unknown(phase)
            open_gates = tuple(gate.name for gate in unmet(seen.board, run, copy.phase.gates, When.EXIT, now))
            after = moves.promote(seen.rollout, run, open_gates, now)
            if isinstance(after, Refusal):
                return after
            return change(after, [told(Happened.PHASE_PROMOTED, by, phase, Place.CHANNEL, digest=run.digest)])

        return await self.rollouts.change(name, decide)

    async def hold(self, name: str, phase: str, reason: str, by: Person) -> Change | Refusal | None:
        """Stop moving forward, with a reason; anybody in the channel may."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            held = Hold(reason.strip() or "no reason given", by.id, self.clock.now())
            after = moves.hold(seen.rollout, run, held)
            if isinstance(after, Refusal):
                return after
            said = told(Happened.PHASE_HELD, by, phase, Place.THREAD, reason=held.reason)
            return more(change(after, [said]), soaks=self._soaks(seen, run))

        return await self.rollouts.change(name, decide)

    async def resume(self, name: str, phase: str, by: Person) -> Change | Refusal | None:
        """Lift a hold; the time held does not count as soak."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            after = moves.resume(seen.rollout, run)
            if isinstance(after, Refusal):
                return after
            said = told(Happened.PHASE_RESUMED, by, phase)
            return more(change(after, [said]), soaks=self._soaks(seen, run))

        return await self.rollouts.change(name, decide)

    async def abort(self, name: str, phase: str, reason: str, by: Person) -> Change | Refusal | None:
        """End a proposal, or a start that has had no effect yet."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            mine = [each for each in seen.intents if (each.phase, each.attempt) == (run.phase, run.attempt)]
            # A step done by hand was never claimed, and has changed production all the same.
            effects = any(each.tries or each.stage is Stage.DONE for each in mine)
            now = self.clock.now()
            after = moves.abort(seen.rollout, run, now, effects=effects, reason=reason)
            if isinstance(after, Refusal):
                return after
            said = told(Happened.PHASE_ABORTED, by, phase, Place.CHANNEL, reason=reason)
            dropped = tuple(replace(each, stage=Stage.DROPPED) for each in mine if each.open)
            # While it was starting, the phase before it was not watched.
            again = watch_again(seen, after, now) if run.state is State.STARTING else ()
            return more(change(after, [said]), intents=dropped, cancels=timer_keys(name, run), timers=again)

        return await self.rollouts.change(name, decide)

    async def close(self, name: str, by: Person) -> Change | Refusal | None:
        """End the rollout: its gates are watched no longer."""

        def decide(seen: Snapshot) -> Change | Refusal:
            states = {run.phase: run.state for run in seen.rollout.phases}
            after = moves.close(seen.rollout, states, self.clock.now())
            if isinstance(after, Refusal):
                return after
            return more(change(after, [told(Happened.ROLLOUT_CLOSED, by, "", Place.CHANNEL)]), cancels=(f"{name}/",))

        return await self.rollouts.change(name, decide)

    async def task_done(self, name: str, phase: str, task: str, by: Person) -> Change | Refusal | None:
        """Tick off one task of a phase; members of its owner guild may."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            copy = seen.copies.get(run.digest)
            asked = next((each for each in copy.phase.tasks if each.name == task), None) if copy else None
            wrong = moves.illegal(seen.rollout, run, Move.TASK_DONE)
            if wrong or asked is None:
                return wrong or Refusal("unknown-task", f"{phase} has no task '{task}'.")
            if asked.owner in seen.plan.guilds and not by.speaks_for(asked.owner):
                return Refusal("task-owner", f"Only members of {asked.owner} can tick this off.")
            if task in run.tasks_done:
                return Refusal("already", f"'{asked.title}' is done already.")
            after = seen.rollout.with_run(replace(run, tasks_done=(*run.tasks_done, task)))
            return change(after, [told(Happened.TASK_DONE, by, phase, task=asked.title)])

        return await self.rollouts.change(name, decide)

    def _soaks(self, seen: Snapshot, run: PhaseRun) -> tuple[Soaked, ...]:
        copy = seen.copies.get(run.digest)
        if copy is None:
            return ()
        before = {id(each) for each in seen.board.soaks}
        after = settle(Watched(seen.rollout, seen.board), copy.phase, self.clock.now()).board.soaks
        # Those of the other phases are as they were, and are not written again.
        return tuple(each for each in after if id(each) not in before)


def _unknown(phase: str) -> Refusal:
    return Refusal("not-now", f"What was approved for {phase} is not known any more.", "Roll it back.")
