"""Reasons: why a phase is where it is and does not move on, what happens next, and by whom."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.board import Board, Standing, unmet
from bot.domain.gates import Gate, When
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.moves import SNOOZES
from bot.domain.plan import Phase, Plan, ResolvedPhase
from bot.domain.probes import AttestProbe
from bot.domain.rollout import PhaseRun, Rollout, State
from bot.domain.standing import Stand, length, stand
from bot.domain.verdicts import Outcome

_ANEW = frozenset({State.PENDING, State.ABORTED, State.ROLLED_BACK})


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Words:
    """How a surface writes what people said, who acted, and when; as it stands it is for a terminal."""

    said: Callable[[str], str] = str
    who: Callable[[str], str] = str
    at: Callable[[datetime], str] = _moment


PLAIN = Words()


@dataclass(frozen=True)
class _Case:
    """One phase with everything that is known of it."""

    rollout: Rollout
    plan: Plan
    phase: Phase | None
    board: Board
    run: PhaseRun
    now: datetime
    intents: tuple[Intent, ...]
    words: Words

    @property
    def runners(self) -> str:
        return f"a member of {self.guild(self.plan.run_by)}"

    @property
    def name(self) -> str:
        return self.words.said(self.run.phase)

    def guild(self, name: str) -> str:
        return self.words.said(guild_title(self.plan, name))

    def gate(self, gate: Gate) -> str:
        return self.words.said(gate.name)

    @property
    def gates(self) -> tuple[Gate, ...]:
        return self.phase.gates if self.phase else ()

    def shut(self, when: When) -> tuple[Gate, ...]:
        return unmet(self.board, self.run, self.gates, when, self.now)

    def missing(self) -> dict[str, int]:
        return self.run.request.missing() if self.run.request else {}

    def waiting(self, *, back: bool) -> tuple[Intent, ...]:
        ladder = Ladder.BACK if back else Ladder.FORWARD
        mine = [each for each in self.intents if (each.phase, each.attempt) == (self.run.phase, self.run.attempt)]
        return tuple(sorted((each for each in mine if each.ladder is ladder and each.open), key=lambda one: one.order))


def _begin(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def guild_title(plan: Plan, name: str) -> str:
    guild = plan.guilds.get(name)
    return guild.title or name if guild else name


def why(
    rollout: Rollout,
    plan: Plan,
    copies: Mapping[str, ResolvedPhase],
    board: Board,
    run: PhaseRun,
    now: datetime,
    intents: tuple[Intent, ...] = (),
    words: Words = PLAIN,
) -> tuple[str, ...]:
    """Every reason, each a sentence; never empty."""
    case = _case(rollout, plan, copies, board, run, now, intents, words)
    found = [*_ended(case), *_stopped(case), *_WHY[run.state](case)]
    return tuple(found) or (f"Nothing stands in the way of {case.name}.",)


def next_moves(
    rollout: Rollout,
    plan: Plan,
    copies: Mapping[str, ResolvedPhase],
    board: Board,
    run: PhaseRun,
    now: datetime,
    intents: tuple[Intent, ...] = (),
    words: Words = PLAIN,
) -> tuple[str, ...]:
    """What happens next and by whom; never empty."""
    if rollout.closed_at is not None:
        return ("Nothing: the rollout is closed. Starting the first phase opens a new one.",)
    case = _case(rollout, plan, copies, board, run, now, intents, words)
    if run.countdown:
        until = words.at(run.countdown.until)
        gate = words.said(run.countdown.gate)
        return (f"The bot rolls {case.name} back at {until}, unless {gate} recovers or it is snoozed.",)
    if run.hold:
        remedy = "retries the failed step" if run.hold.step else "resumes it"
        return (f"{_begin(case.runners)} {remedy}, or rolls {case.name} back; until then it holds.",)
    return tuple(_NEXT[run.state](case))


def _case(
    rollout: Rollout,
    plan: Plan,
    copies: Mapping[str, ResolvedPhase],
    board: Board,
    run: PhaseRun,
    now: datetime,
    intents: tuple[Intent, ...],
    words: Words,
) -> _Case:
    copy = copies.get(run.digest)
    return _Case(rollout, plan, copy.phase if copy else plan.phase(run.phase), board, run, now, intents, words)


def _ended(case: _Case) -> Iterator[str]:
    if case.rollout.closed_at is not None:
        yield f"{case.words.said(case.rollout.name)} was closed at {case.words.at(case.rollout.closed_at)}."


def _stopped(case: _Case) -> Iterator[str]:
    run, words = case.run, case.words
    if run.hold:
        since = words.at(run.hold.at)
        yield f"It is held by {words.who(run.hold.by)} since {since}: {words.said(run.hold.reason)}."
        if run.hold.step:
            yield "A step did not come about; it waits for retry, or for somebody's word that it is done."
    if run.countdown:
        put_off = f", put off {run.countdown.snoozes} of {SNOOZES} times" if run.countdown.snoozes else ""
        yield f"{words.said(run.countdown.gate)} failed: it rolls back at {words.at(run.countdown.until)}{put_off}."


def _why_not_begun(case: _Case) -> Iterator[str]:
    run, words = case.run, case.words
    yield f"{case.name} is {run.state.words}; it moves when it is proposed and approved."
    if run.locked:
        yield f"It is locked and needs approvals anew: {words.said(run.locked)}."
    yield from _order(case)


def _order(case: _Case) -> Iterator[str]:
    phase = case.phase
    if phase is None:
        return
    before = case.rollout.run(phase.after) if phase.after else None
    if phase.after and (before is None or before.state is not State.PASSED):
        state = before.state if before else State.PENDING
        yield f"It comes after {case.words.said(phase.after)}, which is {state.words}."
    if phase.due:
        due = case.rollout.run(phase.due.after)
        applied = due.applied_at if due else None
        at = (
            case.words.at(applied + phase.due.wait)
            if applied
            else f"{phase.due.wait} after {case.words.said(phase.due.after)}"
        )
        yield f"It is due {'at ' if applied else ''}{at}."
    for title, later in phase.not_available():
        yield f"It is not available yet: '{case.words.said(title)}' needs {later}."


def _why_proposed(case: _Case) -> Iterator[str]:
    missing = case.missing()
    for guild, number in sorted(missing.items()):
        yield f"{number} more approval{'s' if number > 1 else ''} of {case.guild(guild)} needed."
    for gate in case.shut(When.ENTRY):
        yield f"Entry gate {case.gate(gate)} does not pass: {gate_words(case, gate)}."
    if not missing:
        yield f"All approvals are there; it waits for {case.runners}, who did not approve it, to press Start."
    if case.run.expires_at:
        yield f"The request expires at {case.words.at(case.run.expires_at)}; a timeout is never a yes."


def _why_acting(case: _Case) -> Iterator[str]:
    back = case.run.state is State.ROLLING_BACK
    if back and case.run.locked:
        yield f"It goes back because: {case.words.said(case.run.locked)}."
    waiting = case.waiting(back=back)
    for each in waiting:
        tail = f": {case.words.said(each.says)}" if each.says else ""
        yield f"Step '{case.words.said(each.title)}' {_STAGES[each.stage]}{tail}."
    if not waiting:
        yield "Its steps are being finished."


_STAGES: Mapping[Stage, str] = {
    Stage.RECORDED: "is still to be done",
    Stage.CLAIMED: "is under way",
    Stage.FAILED: "failed",
    Stage.UNKNOWN: "waits for somebody's word",
    Stage.DONE: "is done",
    Stage.BY_HAND: "is to be done by hand",
    Stage.DROPPED: "was dropped",
}


def _why_soaking(case: _Case) -> Iterator[str]:
    soak = case.phase.soak if case.phase else None
    earned = case.board.soaked(case.run).earned
    if soak and earned < soak.at_least:
        left = length(soak.at_least - earned)
        yield f"Soak: {length(earned)} of {length(soak.at_least)} earned, {left} to go."
    for gate in case.shut(When.EXIT):
        yield f"Exit gate {case.gate(gate)} does not pass: {gate_words(case, gate)}."
    yield from _uncovered(case)
    if case.run.overran and soak:
        yield f"It did not become ready within {length(soak.at_most)}."


def _uncovered(case: _Case) -> Iterator[str]:
    shut = case.shut(When.EXIT)
    for gate in case.gates:
        measured = not gate.attested and gate.at(When.WATCH) and gate not in shut
        if measured and not stand(case.board, case.run, gate, case.now).met:
            yield f"The soak does not count while {case.gate(gate)} does not pass: {gate_words(case, gate)}."


def _why_ready(case: _Case) -> Iterator[str]:
    yield f"The soak is earned and the exit gates pass; it waits for {case.runners} to promote it."


def _why_passed(case: _Case) -> Iterator[str]:
    yield f"{case.name} has passed and stays watched until the next phase has passed or the rollout is closed."
    for gate in case.gates:
        if gate.at(When.WATCH) and stand(case.board, case.run, gate, case.now) in {Stand.FAIL, Stand.ERROR}:
            yield f"Watch gate {case.gate(gate)} does not pass: {gate_words(case, gate)}."


def gate_words(case: _Case, gate: Gate) -> str:
    """How one gate stands, what was read, and how long ago."""
    state = stand(case.board, case.run, gate, case.now)
    standing = case.board.standing(case.run, gate.name)
    if isinstance(gate.probe, AttestProbe) and state is Stand.WAITS:
        return f"waits for the word of {case.guild(gate.probe.by)}"
    return f"{state.value}{_read(case, standing)}"


def _read(case: _Case, standing: Standing | None) -> str:
    if standing is None:
        return ""
    failed = standing.verdict.outcome is Outcome.FAIL
    before = ", and did so before the phase began" if standing.bad_before and failed else ""
    age = length(case.now - standing.verdict.reading.at)
    return f"{before}, {case.words.said(standing.verdict.says)}, read {age} ago"


def _next_anew(case: _Case) -> Iterator[str]:
    blocked = tuple(_order(case))
    if blocked:
        yield from blocked
    else:
        yield f"{_begin(case.runners)} previews {case.name} and proposes it."


def _next_proposed(case: _Case) -> Iterator[str]:
    for guild, number in sorted(case.missing().items()):
        yield f"Members of {case.guild(guild)} say yes or no; {number} more yes needed."
    if not case.missing():
        shut = ", ".join(case.gate(gate) for gate in case.shut(When.ENTRY))
        once = f" once the entry gates pass ({shut})" if shut else ""
        yield f"{_begin(case.runners)} presses Start{once}; nothing starts by itself."
    if case.run.expires_at:
        yield f"Without that, the request expires at {case.words.at(case.run.expires_at)}."


def _next_acting(case: _Case) -> Iterator[str]:
    back = case.run.state is State.ROLLING_BACK
    for each in case.waiting(back=back)[:1]:
        yield f"The bot does step '{case.words.said(each.title)}' and reads its effect back."
    yield "Then the phase is locked with its reason." if back else "Then the soak begins."


def _next_soaking(case: _Case) -> Iterator[str]:
    for gate in case.shut(When.EXIT):
        if isinstance(gate.probe, AttestProbe):
            yield f"A member of {case.guild(gate.probe.by)} attests {case.gate(gate)}."
    soak = case.phase.soak if case.phase else None
    earned = case.board.soaked(case.run).earned
    if soak and earned < soak.at_least:
        yield f"The bot reads the gates and counts the soak; {length(soak.at_least - earned)} are still to be earned."
    yield f"When the soak is earned and every exit gate passes, {case.runners} promotes it."


def _next_ready(case: _Case) -> Iterator[str]:
    yield f"{_begin(case.runners)} promotes {case.name}."


def _next_passed(case: _Case) -> Iterator[str]:
    after = next_phase(case.rollout, case.plan)
    if after is None:
        yield f"{_begin(case.runners)} closes the rollout."
    else:
        yield f"{_begin(case.runners)} previews {case.words.said(after.name)} and proposes it."


def next_phase(rollout: Rollout, plan: Plan) -> Phase | None:
    """The first phase that may be proposed by its order: it is not begun, and what it comes after has passed."""
    for phase in plan.phases:
        run = rollout.run(phase.name) or PhaseRun(phase.name)
        before = rollout.run(phase.after) if phase.after else None
        if run.state in _ANEW and (phase.after is None or (before is not None and before.state is State.PASSED)):
            return phase
    return None


_WHY: Mapping[State, Callable[[_Case], Iterator[str]]] = {
    **dict.fromkeys(_ANEW, _why_not_begun),
    State.PROPOSED: _why_proposed,
    State.STARTING: _why_acting,
    State.ROLLING_BACK: _why_acting,
    State.SOAKING: _why_soaking,
    State.READY: _why_ready,
    State.PASSED: _why_passed,
}
_NEXT: Mapping[State, Callable[[_Case], Iterator[str]]] = {
    **dict.fromkeys(_ANEW, _next_anew),
    State.PROPOSED: _next_proposed,
    State.STARTING: _next_acting,
    State.ROLLING_BACK: _next_acting,
    State.SOAKING: _next_soaking,
    State.READY: _next_ready,
    State.PASSED: _next_passed,
}
