"""Gates: read probes, judge, and let the watch decide what a verdict does; nothing here can act on a target."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import moves
from bot.domain.board import Board, Judged
from bot.domain.entries import Entry, Fact, Happened
from bot.domain.gates import Gate, When
from bot.domain.people import Person
from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.posts import Place
from bot.domain.probes import AttestProbe
from bot.domain.refusals import Refusal
from bot.domain.rollout import Move, PhaseRun, Rollout, State
from bot.domain.timers import Timer, TimerKind
from bot.domain.verdicts import Outcome, Reading, Verdict, Waiver, judge
from bot.domain.watch import Watched, settle, weigh
from bot.ports import Change, Clock, PlanShelf, Probes, RolloutStore, Snapshot, TimerStore, Unresolvable
from bot.workflows.changes import Said, change, more, told
from bot.workflows.schedule import SOAK_CHECK

WAIVER_LIFE: Final = timedelta(hours=24)
KEPT: Final = 200
_WATCHED: Final = frozenset({State.SOAKING, State.READY, State.STARTING, State.PASSED})


@dataclass(frozen=True)
class Gates:
    """Read on interval and on command, attest, waive, settle the soak."""

    rollouts: RolloutStore
    timers: TimerStore
    shelf: PlanShelf
    probes: Probes
    clock: Clock

    async def read_due(self, timers: Sequence[Timer]) -> dict[str, datetime]:
        """Read the gates that these timers of one run name, and record them together.

        Answers when each is due again, by the timer's key; a gate that is not watched any more is left out.
        """
        live = await self.rollouts.load(timers[0].rollout)
        found = {timer.key: _watched(live, timer) for timer in timers}
        known = {key: each for key, each in found.items() if each}
        if not known:
            return {}
        verdicts = await asyncio.gather(*(self._verdict(gate, copy) for _, copy, gate in known.values()))
        pairs = tuple((gate, verdict) for (_, _, gate), verdict in zip(known.values(), verdicts, strict=True))
        run = next(iter(known.values()))[0]
        await self.rollouts.change(timers[0].rollout, lambda seen: self._weighed(seen, run, pairs))
        now = self.clock.now()
        # While a phase is only proposed, a gate that does not guard its entry is looked at once.
        again = (each for each in known.items() if run.state is not State.PROPOSED or each[1][2].at(When.ENTRY))
        return {key: now + gate.every for key, (_, _, gate) in again}

    async def read_now(self, timer: Timer) -> None:
        """Read every measured gate of a phase on command and record that it was asked."""
        live = await self.rollouts.load(timer.rollout)
        run = live.rollout.run(timer.phase) if live else None
        copy = live.copies.get(run.digest) if live and run else None
        if live is None or run is None or copy is None:
            return
        judged = await self.judge_all(copy)
        pairs = tuple((each.gate, each.verdict) for each in judged if not each.gate.attested)
        asker = Person(timer.subject, "")

        def decide(seen: Snapshot) -> Change | None:
            base = (self._weighed(seen, run, pairs) if _weighs(seen, run) else None) or change(seen.rollout, ())
            mark = f"/read/{timer.key}/{timer.due_at.timestamp()}"
            said = change(base.rollout, [_read(asker, run.phase, judged)], mark=mark)
            return more(base, entries=(*base.entries, *said.entries), posts=(*base.posts, *said.posts))

        await self.rollouts.change(timer.rollout, decide)

    async def ask_now(self, rollout: str, run: PhaseRun, by: Person) -> None:
        """Have the gates of a run read as soon as possible; the answer appears in the thread."""
        now = self.clock.now()
        key = f"{rollout}/{run.key}/read-now/{by.id}"
        await self.timers.add(Timer(key, TimerKind.READ_NOW, now, rollout, run.phase, run.attempt, by.id))

    async def judge_plan(self, plan: Plan, phase: str) -> tuple[Judged, ...] | Refusal:
        """Read the gates of a phase without any rollout; records nothing."""
        if plan.phase(phase) is None:
            return moves.unknown_phase(plan, phase)
        try:
            copy, _ = self.shelf.resolve(plan, phase)
        except Unresolvable as why:
            return Refusal("unresolvable", str(why))
        return await self.judge_all(copy)

    async def judge_all(self, copy: ResolvedPhase) -> tuple[Judged, ...]:
        """Read all gates of a phase at once; each has its own time limit."""
        gates = copy.phase.gates
        verdicts = await asyncio.gather(*(self._verdict(gate, copy) for gate in gates))
        return tuple(Judged(gate, verdict) for gate, verdict in zip(gates, verdicts, strict=True))

    async def _verdict(self, gate: Gate, copy: ResolvedPhase) -> Verdict:
        reading = await self.probes.read(gate.probe, copy, self.clock.now())
        return judge_gate(gate, reading)

    async def soak_due(self, timer: Timer) -> datetime | None:
        """Settle a phase at the end of its soak and every few minutes after; None when it soaks no more."""

        def decide(seen: Snapshot) -> Change | None:
            run = seen.rollout.run(timer.phase)
            copy = seen.copies.get(run.digest) if run else None
            if run is None or copy is None or run.attempt != timer.attempt or run.state not in _WATCHED:
                return None
            settled = settle(Watched(seen.rollout, seen.board), copy.phase, self.clock.now())
            return _written(seen, settled, run, self.clock.now())

        await self.rollouts.change(timer.rollout, decide)
        live = await self.rollouts.load(timer.rollout)
        run = live.rollout.run(timer.phase) if live else None
        soaks = run and run.attempt == timer.attempt and run.state in {State.SOAKING, State.READY}
        return self.clock.now() + SOAK_CHECK if soaks else None

    async def attest(
        self, rollout: str, phase: str, names: Sequence[str], statement: str, by: Person
    ) -> Change | Refusal | None:
        """Record a person's word for attest gates of his guild; it is shown as attested, never as measured."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            copy = seen.copies.get(run.digest)
            wrong = moves.illegal(seen.rollout, run, Move.ATTEST)
            if wrong or copy is None:
                return wrong or Refusal("not-now", f"{phase} was not proposed.")
            gates = [gate for gate in copy.phase.gates if gate.name in set(names)]
            no = _may_attest(gates, names, statement, by)
            if no:
                return no
            now = self.clock.now()
            pairs = tuple((gate, _attested(gate, statement, by, now)) for gate in gates)
            weighed = self._weighed(seen, run, pairs)
            said = told(Happened.GATE_ATTESTED, by, phase, gates=", ".join(names), statement=statement)
            base = weighed or change(seen.rollout, ())
            written = change(base.rollout, [said], mark=f"/attest/{now.timestamp()}/{by.id}")
            return more(base, entries=(*base.entries, *written.entries), posts=(*base.posts, *written.posts))

        return await self.rollouts.change(rollout, decide)

    async def waive(
        self, rollout: str, phase: str, gate: str, guild: str, reason: str, by: Person
    ) -> Change | Refusal | None:
        """Record a named decision to go on without this gate's pass, for a day."""

        def decide(seen: Snapshot) -> Change | Refusal:
            run = seen.rollout.run(phase) or PhaseRun(phase)
            copy = seen.copies.get(run.digest)
            asked = copy.phase.gate(gate) if copy else None
            if asked is None:
                names = ", ".join(each.name for each in copy.phase.gates) if copy else "none"
                return Refusal("unknown-gate", f"{phase} has no gate '{gate}'.", f"Its gates are: {names}.")
            if by.id == run.requested_by:
                return Refusal("waive-own", "You asked for this phase, so you cannot waive its gates.")
            now = self.clock.now()
            waiver = Waiver(gate, by.id, guild, reason, now, now + WAIVER_LIFE)
            after = moves.waive(seen.rollout, run, waiver, waivable=asked.waivable)
            if isinstance(after, Refusal):
                return after
            said = [told(Happened.GATE_WAIVED, by, phase, gate=gate, reason=reason, guild=guild)]
            if run.countdown and run.countdown.gate == gate:
                said.append(told(Happened.COUNTDOWN_STOPPED, by, phase, None, gate=gate))
            if copy is None:
                return change(after, said)
            # The soak up to now is counted without the waiver: it covers nothing that went before it.
            before = settle(Watched(seen.rollout, seen.board), copy.phase, now)
            settled = settle(Watched(after, before.board), copy.phase, now)
            return more(change(settled.rollout, [*said, *settled.said]), soaks=settled.board.soaks)

        return await self.rollouts.change(rollout, decide)

    def _weighed(self, seen: Snapshot, read: PhaseRun, pairs: Sequence[tuple[Gate, Verdict]]) -> Change | None:
        run = seen.rollout.run(read.phase)
        copy = seen.copies.get(read.digest)
        if run is None or copy is None or run.attempt != read.attempt or run.digest != read.digest:
            return None  # another attempt began while the probe was reading
        if seen.rollout.closed_at is not None:
            return None
        watched = Watched(seen.rollout, seen.board)
        now = self.clock.now()
        for gate, verdict in pairs:
            watched = weigh(watched, copy.phase, gate, verdict, now, self.clock.real())
        return _written(seen, watched, run, now)


def judge_gate(gate: Gate, reading: Reading) -> Verdict:
    """Judge by the gate's own bound, alarm, samples and life; of a long text only its beginning is kept."""
    verdict = judge(reading, gate.bound, alarm=gate.alarm, min_samples=gate.min_samples, valid_for=gate.valid_for)
    if not isinstance(reading.value, str):
        return verdict
    return replace(verdict, reading=replace(reading, value=reading.value[:KEPT]))


def _watched(live: Snapshot | None, timer: Timer) -> tuple[PhaseRun, ResolvedPhase, Gate] | None:
    """What a reading timer is about, if it is still to be read."""
    run = live.rollout.run(timer.phase) if live and live.rollout.closed_at is None else None
    copy = live.copies.get(run.digest) if live and run else None
    gate = copy.phase.gate(timer.subject) if copy else None
    if live is None or run is None or copy is None or gate is None or run.attempt != timer.attempt:
        return None
    watched = _weighs(live, run) and (run.state is not State.PASSED or gate.at(When.WATCH))
    return (run, copy, gate) if watched else None


def _weighs(seen: Snapshot, run: PhaseRun) -> bool:
    """Whether what people have read now counts; of an older phase it is only told, as its gates are not watched."""
    if run.state is State.PASSED:
        return run == seen.rollout.watched
    return run.state in _WATCHED | {State.PROPOSED}


def _written(seen: Snapshot, watched: Watched, run: PhaseRun, now: datetime) -> Change:
    """The change a weighed board makes: what is new in it, and nothing of what was there."""
    old: Board = seen.board
    standings = tuple(each for each in watched.board.standings if each not in old.standings)
    soaks = tuple(each for each in watched.board.soaks if each not in old.soaks)
    mark = f"/{run.key}/{now.timestamp()}"
    written = more(change(watched.rollout, watched.said, mark=mark), standings=standings, soaks=soaks)
    return more(written, timers=_countdown_timers(seen.rollout, watched.rollout))


def _countdown_timers(before: Rollout, after: Rollout) -> tuple[Timer, ...]:
    """A real-time timer for every countdown that this change began."""
    begun = (
        (run, run.countdown)
        for run in after.phases
        if run.countdown and (was := before.run(run.phase)) is not None and was.countdown != run.countdown
    )
    return tuple(
        Timer(
            f"{after.name}/{run.key}/countdown",
            TimerKind.COUNTDOWN,
            countdown.until,
            after.name,
            run.phase,
            run.attempt,
            countdown.gate,
        )
        for run, countdown in begun
    )


def _may_attest(gates: Sequence[Gate], names: Sequence[str], statement: str, by: Person) -> Refusal | None:
    if not gates or len(gates) != len(set(names)):
        return Refusal("unknown-gate", "One of these gates is not in the phase.", "Look at `/rollout gates`.")
    if not statement.strip():
        return Refusal("reason", "An attestation needs a statement.", "Say what you looked at and what you saw.")
    for gate in gates:
        if not isinstance(gate.probe, AttestProbe):
            return Refusal("measured", f"{gate.name} is measured; nobody can attest it.", "It must pass, or be waived.")
        if not by.speaks_for(gate.probe.by):
            return Refusal("attest-member", f"Only members of {gate.probe.by} can attest {gate.name}.")
    return None


def _attested(gate: Gate, statement: str, by: Person, now: datetime) -> Verdict:
    reading = Reading(value=True, at=now, source=f"attested by {by.name}, not measured")
    return Verdict(Outcome.PASS, f"attested, not measured: {statement}", reading, now + gate.valid_for, by.id)


def _read(asker: Person, phase: str, judged: Sequence[Judged]) -> Said:
    lines: dict[str, Fact] = {
        each.gate.name: f"{each.verdict.outcome.value}|{each.verdict.says}|{each.verdict.reading.samples or ''}"
        f"|{each.verdict.reading.source}"
        for each in judged
    }
    return Entry(Happened.GATES_READ, asker.id, phase, lines), Place.THREAD


def unattested(board: Board, run: PhaseRun, gates: Sequence[Gate], now: datetime) -> tuple[Gate, ...]:
    """Attest gates that wait for somebody's word, or whose word has grown too old."""

    def waits(gate: Gate) -> bool:
        standing = board.standing(run, gate.name)
        return gate.attested and not (standing and standing.verdict.passes(now))

    return tuple(gate for gate in gates if waits(gate))
