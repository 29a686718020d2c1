"""Phases: the lines that describe one phase of a rollout, for the card, the request and the answers alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approvals import counted
from bot.domain.gates import Gate, When
from bot.domain.intents import Intent, Ladder, Stage
from bot.domain.plan import Phase, Plan
from bot.domain.reasons import Words, guild_title
from bot.domain.rollout import PhaseRun, State
from bot.domain.standing import Stand, length, stand
from bot.domain.steps import Rung
from bot.ports import Snapshot
from bot.views import signs
from bot.views.text import bar, code, count, escape, mention, short, when, who

SLACK = Words(said=escape, who=who, at=when)
_SHOWN = 6


@dataclass(frozen=True)
class Scene:
    """One phase of one rollout, with the definition that it is bound to."""

    seen: Snapshot
    run: PhaseRun
    now: datetime

    @property
    def phase(self) -> Phase | None:
        copy = self.seen.copies.get(self.run.digest)
        return copy.phase if copy else self.seen.plan.phase(self.run.phase)

    @property
    def rungs(self) -> dict[str, Rung]:
        copy = self.seen.copies.get(self.run.digest)
        return copy.rungs if copy else self.seen.plan.rungs

    @property
    def gates(self) -> tuple[Gate, ...]:
        return self.phase.gates if self.phase else ()

    def stand(self, gate: Gate) -> Stand:
        return stand(self.seen.board, self.run, gate, self.now)

    def unmet(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if not self.stand(gate).met)

    def unattested(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if gate.attested and not self.stand(gate).met)

    def waivable(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.unmet() if gate.waivable)

    def intents(self) -> tuple[Intent, ...]:
        """The steps of this attempt on the ladder under way, in order."""
        back = self.run.state in {State.ROLLING_BACK, State.ROLLED_BACK}
        mine = (each for each in self.seen.intents if (each.phase, each.attempt) == (self.run.phase, self.run.attempt))
        ladder = Ladder.BACK if back else Ladder.FORWARD
        return tuple(sorted((each for each in mine if each.ladder is ladder), key=lambda each: each.order))

    def by_hand(self) -> tuple[Intent, ...]:
        """The steps that wait for somebody's word."""
        return tuple(each for each in self.intents() if each.stage in {Stage.FAILED, Stage.UNKNOWN, Stage.BY_HAND})

    def acted(self) -> bool:
        """Whether any step of this attempt may have had an effect."""
        return any(each.tries for each in self.intents())

    def open_tasks(self) -> tuple[tuple[str, str, str], ...]:
        """Name, title and owner of the tasks that are not done."""
        tasks = self.phase.tasks if self.phase else ()
        return tuple((each.name, each.title, each.owner) for each in tasks if each.name not in self.run.tasks_done)


def title_of(plan: Plan, guild: str) -> str:
    return escape(guild_title(plan, guild))


def approvals_line(scene: Scene) -> str:
    """Each guild with its voices so far, their names, and what is missing."""
    request = scene.run.request
    if request is None:
        return ""
    given = counted(request, runner=scene.run.started_by)
    parts = []
    for guild, need in sorted(request.quorum.items()):
        voices = [each for each in given if each.guild == guild]
        names = f" ({', '.join(mention(each.person) for each in voices)})" if voices else ""
        short_of = need - len(voices)
        missing = f", {short_of} missing" if short_of > 0 else ""
        parts.append(f"{title_of(scene.seen.plan, guild)} {len(voices)} of {need}{names}{missing}")
    return f"Approvals: {' · '.join(parts)}"


def hold_line(scene: Scene) -> str:
    hold = scene.run.hold
    return f"{signs.HELD} Held by {who(hold.by)} since {when(hold.at)}: {escape(hold.reason)}" if hold else ""


def countdown_line(scene: Scene) -> str:
    countdown = scene.run.countdown
    if countdown is None:
        return ""
    put_off = f", put off {count(countdown.snoozes, 'time')}" if countdown.snoozes else ""
    moment = f"{when(countdown.until)} ({countdown.until:%H:%M:%S} UTC)"
    return f"⏪ Rolls back at {moment}: {code(countdown.gate)} failed{put_off}"


def soak_line(scene: Scene) -> str:
    """How much soak is earned of what is needed; earned time is what fresh passes covered."""
    soak = scene.phase.soak if scene.phase else None
    if soak is None or scene.run.state not in {State.SOAKING, State.READY, State.PASSED}:
        return ""
    earned = scene.seen.board.soaked(scene.run).earned
    share = min(earned / soak.at_least, 1.0) if soak.at_least else 1.0
    shown = min(earned, soak.at_least) if soak.at_least else earned
    return f"Soak: {bar(share)} {length(shown)} of {length(soak.at_least)} earned ({int(share * 100)} %)"


def gates_line(scene: Scene) -> str:
    """How many gates pass, which do not; attested ones are counted apart, since nobody measured them."""
    stands = [(gate, scene.stand(gate)) for gate in scene.gates]
    if not stands:
        return ""
    parts = []
    for kind in (Stand.PASS, Stand.ATTESTED, Stand.WAIVED):
        number = sum(each is kind for _, each in stands)
        if number:
            parts.append(f"{signs.STANDS[kind]} {number} {kind.value}")
    order = list(Stand)
    rest = sorted(((gate, each) for gate, each in stands if not each.met), key=lambda pair: order.index(pair[1]))
    parts += [f"{signs.STANDS[each]} {code(gate.name)} {each.value}" for gate, each in rest[:_SHOWN]]
    parts += [f"and {len(rest) - _SHOWN} more not met"] if len(rest) > _SHOWN else []
    return f"Gates: {' · '.join(parts)}"


def step_lines(intents: Sequence[Intent]) -> list[str]:
    """The steps with their stage; those that are done only counted."""
    done = sum(each.stage is Stage.DONE for each in intents)
    lines = [f"✅ {count(done, 'step')} done"] if done else []
    for each in [one for one in intents if one.stage is not Stage.DONE][:_SHOWN]:
        sign, word = signs.STAGES[each.stage]
        says = f": {escape(each.says)[:300]}" if each.says and each.stage is not Stage.RECORDED else ""
        lines.append(f"{sign} {escape(each.title)} — {word}{says}")
    return lines


def way_back(names: Sequence[str], rungs: dict[str, Rung]) -> str:
    """The ladder back, and what it cannot bring back; always said, also when there is none."""
    if not names:
        return "Back: this phase names no way back; going back is by hand."
    said = (rungs[name].cannot_bring_back.strip().rstrip(".") for name in names if name in rungs)
    lost = "; ".join(dict.fromkeys(each for each in said if each))
    cannot = f"; cannot bring back: {escape(lost)}" if lost else ""
    return f"Back: {' → '.join(escape(name) for name in names)}{cannot}"


def facts_lines(scene: Scene) -> Iterator[str]:
    """Everything that is true of the phase now, a line each, empty ones left out by the caller."""
    run = scene.run
    since = f" since {when(run.changed_at)}" if run.changed_at else ""
    again = f", attempt {run.attempt}" if run.attempt > 1 else ""
    yield f"*{escape(run.phase)}* is {signs.state(run)}{since}{again}"
    asked = [f"asked for by {who(run.requested_by)}"] if run.requested_by else []
    asked += [f"started by {who(run.started_by)}"] if run.started_by else []
    asked += [f"digest {code(short(run.digest))}"] if run.digest else []
    yield " · ".join(asked)
    yield countdown_line(scene)
    yield hold_line(scene)
    yield f"{signs.LOCKED} Locked: {escape(run.locked)}" if run.locked and run.state is not State.ROLLING_BACK else ""
    yield f"Goes back because: {escape(run.locked)}" if run.state is State.ROLLING_BACK else ""
    yield approvals_line(scene) if run.state not in _ENDED else ""
    if run.state is State.PROPOSED:
        yield _waits_for(scene)
        yield f"The request expires at {when(run.expires_at)}." if run.expires_at else ""
    yield soak_line(scene)
    yield gates_line(scene) if run.digest and run.state not in _ENDED else ""
    yield from (step_lines(scene.intents()) if run.state in {State.STARTING, State.ROLLING_BACK} else ())


_ENDED = frozenset({State.ABORTED, State.ROLLED_BACK, State.ROLLING_BACK})


def _waits_for(scene: Scene) -> str:
    request = scene.run.request
    if request is None:
        return ""
    missing = request.missing()
    if missing:
        names = ", ".join(f"{need} of {title_of(scene.seen.plan, guild)}" for guild, need in sorted(missing.items()))
        return f"It can start once approvals are there: {names} missing."
    shut = [gate.name for gate in scene.unmet() if gate.at(When.ENTRY)]
    if shut:
        return f"Approved; it can start once the entry gates pass: {', '.join(map(code, shut))}."
    return "Approved; it waits for somebody who did not approve to press *Start*."
