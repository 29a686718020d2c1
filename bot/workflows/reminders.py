"""Reminders: tell the guilds that have not answered a request, once at half time and once near its end."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import reminders
from bot.domain.entries import Happened
from bot.domain.people import CLOCKWORK, Person
from bot.domain.refusals import Refusal
from bot.domain.rollout import PhaseRun, State
from bot.domain.standing import length
from bot.domain.timers import Timer
from bot.ports import Change, Clock, RolloutStore, Snapshot
from bot.workflows.changes import Said, change, more, told
from bot.workflows.schedule import reminder


@dataclass(frozen=True)
class Reminders:
    """Each reminder is written with the timer of the next, so that a repeat after a crash finds nothing to say.

    A guild that has enough voices is not reminded, and is again when one of them is withdrawn; a request that ends
    or changes takes its timers along.
    """

    rollouts: RolloutStore
    clock: Clock

    async def remind(self, timer: Timer) -> Change | Refusal | None:
        """Say who is missing and how long is left; after a downtime once at the most."""

        def decide(seen: Snapshot) -> Change | None:
            run, now = _asked(seen, timer), self.clock.now()
            short = reminders.missing(run, timer.subject, now) if run else 0
            if run is None or now >= (run.expires_at or now):
                return None
            due = reminders.fall_due(run, timer.due_at, now)
            said = (_said(run, timer, short, due, now),) if short else ()
            return _kept(seen, said, timer, due.next_at)

        return await self.rollouts.change(timer.rollout, decide)

    async def later(self, name: str, phase: str, guild: str, by: Person) -> Change | Refusal | None:
        """Move the guild's next reminder by an hour; a member of the guild asks for it, by name."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run, now = seen.rollout.run(phase) or PhaseRun(phase), self.clock.now()
            if not by.speaks_for(guild):
                return Refusal("approval-member", f"Only members of {guild} can put its reminder off.")
            if run.state is not State.PROPOSED or not reminders.missing(run, guild, now):
                return Refusal("not-now", f"{phase} does not wait for {guild}.", "See `/rollout why`.")
            until = reminders.put_off(run, now)
            if isinstance(until, Refusal):
                return until
            said = told(
                Happened.REMINDER_SNOOZED, by, phase, guild=guild, until=int(until.timestamp()), digest=run.digest
            )
            mark = f"/snooze/{guild}/{by.id}/{int(until.timestamp())}"
            return more(change(seen.rollout, [said], mark=mark), timers=(reminder(name, run, guild, until),))

        return await self.rollouts.change(name, decide)


def _asked(seen: Snapshot, timer: Timer) -> PhaseRun | None:
    run = seen.rollout.run(timer.phase)
    return run if run and run.attempt == timer.attempt and run.state is State.PROPOSED else None


def _said(run: PhaseRun, timer: Timer, short: int, due: reminders.Told, now: datetime) -> Said:
    kind = Happened.APPROVAL_REMINDED if due.said else Happened.REMINDER_SKIPPED
    left = length((run.expires_at or now) - now)
    then = int(due.next_at.timestamp()) if due.next_at else None
    return told(
        kind, CLOCKWORK, run.phase,
        guild=timer.subject, missing=short, left=left, missed=due.missed, next_at=then,
        digest=run.digest, attempt=run.attempt,
    )  # fmt: skip


def _kept(seen: Snapshot, said: tuple[Said, ...], timer: Timer, next_at: datetime | None) -> Change:
    """What is said, and the timer moved or taken away in the same write."""
    mark = f"/reminder/{timer.subject}/{int(timer.due_at.timestamp())}"
    written = change(seen.rollout, said, mark=mark) if said else Change(seen.rollout)
    if next_at is None:
        return more(written, cancels=(timer.key,))
    return more(written, timers=(replace(timer, due_at=next_at),))
