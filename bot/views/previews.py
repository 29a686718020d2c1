"""Previews: everything that starting a phase would do, before anybody is asked."""

from collections.abc import Sequence
from typing import Final, Protocol

from bot.domain.gates import When
from bot.domain.plan import Phase, Plan, ResolvedPhase
from bot.domain.refusals import Refusal
from bot.domain.standing import length
from bot.ports import Meaning
from bot.views.blocks import context, header, listing, section
from bot.views.buttons import row
from bot.views.definitions import due_words, gate_counts, gate_words, repositories, soak_words, step_words
from bot.views.limits import fit
from bot.views.message import Block, Ids, Message
from bot.views.phases import way_back
from bot.views.text import code, count, escape, short

_GROUPS: Final = {
    When.ENTRY: "Gates before the first step",
    When.EXIT: "Gates before promote",
    When.WATCH: "Gates that are only watched",
}
_FLAGS: Final = 40


class Previewed(Protocol):
    """What `workflows.proposals.Preview` offers."""

    @property
    def plan(self) -> str: ...
    @property
    def rollout(self) -> str: ...
    @property
    def resolved(self) -> ResolvedPhase: ...
    @property
    def digest(self) -> str: ...
    @property
    def flags(self) -> tuple[tuple[str, str, str, str], ...]: ...
    @property
    def refusal(self) -> Refusal | None: ...
    @property
    def phase(self) -> Phase: ...


def preview_meanings(preview: Previewed) -> tuple[Meaning, ...]:
    """Propose, when that is possible now; else what the refusal offers. The plan is the subject of both."""
    if preview.refusal is None:
        return (_propose(preview),)
    if preview.refusal.offers is None:
        return ()
    move, phase = preview.refusal.offers
    return (Meaning(preview.rollout, move, phase, subject=preview.plan),)


def _propose(preview: Previewed) -> Meaning:
    return Meaning(preview.rollout, "propose", preview.phase.name, digest=preview.digest, subject=preview.plan)


def preview(seen: Previewed, ids: Ids) -> Message:
    """The whole phase as it would run now; nothing was changed by showing it."""
    phase, copy = seen.phase, seen.resolved
    title = f"{escape(copy.title)}: {escape(phase.title)}"
    blocks = [
        header(f"Preview · {copy.title} · {phase.name}"),
        section(f"*{escape(phase.title)}*\n{escape(phase.objective)}"),
        _now(seen),
        section("\n".join(_summary(copy, seen.digest))),
        context(way_back(phase.rollback, copy.rungs)),
        *listing("The way back", _back(copy)),
        *listing("Flags", flag_lines(seen.flags)),
        *listing("Steps", ["\n   ".join(step_words(step)) for step in phase.steps]),
        *listing("Tasks", [f"{escape(each.title)} — {escape(each.owner)}, {length(each.due)}" for each in phase.tasks]),
        *_gates(phase),
        *_row(seen, ids),
    ]
    after = "It can be proposed now." if seen.refusal is None else f"It cannot be proposed now: {_no(seen.refusal)}"
    return fit(Message(f"Preview of {title}, digest {short(seen.digest)}. {after}", tuple(blocks)))


def _no(refusal: Refusal) -> str:
    return escape(f"{refusal.reason} {refusal.remedy}")


def _summary(copy: ResolvedPhase, digest: str) -> list[str]:
    phase = copy.phase
    needed = ", ".join(f"{need} of {_title(copy, name)}" for name, need in sorted(phase.approvals.quorum.items()))
    lines = [
        f"Approvals: {needed}; they stand for {length(phase.approvals.expires)}; run by {_title(copy, copy.run_by)}",
        gate_counts(phase),
    ]
    lines += [_soak(phase)] if phase.soak else []
    lines += [due_words(phase.due)] if phase.due else []
    lines += [repositories(phase.repos)] if phase.repos else []
    return [*lines, f"Digest {code(short(digest))}"]


def _soak(phase: Phase) -> str:
    if phase.soak is None:
        return ""
    assumed = f" _assumed:_ {escape(phase.soak.assumed)}" if phase.soak.assumed else ""
    return f"{soak_words(phase.soak)}{assumed}"


def _title(copy: ResolvedPhase | Plan, guild: str) -> str:
    known = copy.guilds.get(guild)
    return escape(known.title or guild if known else guild)


def flag_lines(flags: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """What changes in the target's env file: + comes, ~ changes, - goes."""
    lines = [_flag(*each) for each in flags[:_FLAGS]]
    return [*lines, f"and {len(flags) - _FLAGS} more"] if len(flags) > _FLAGS else lines


def _flag(sign: str, key: str, old: str, new: str) -> str:
    shown = {"+": f"+ {key}={new}", "-": f"- {key} (was {old})"}.get(sign, f"{sign} {key}={new} (was {old})")
    return code(shown)


def _gates(phase: Phase) -> list[Block]:
    """Each gate once, under the first point at which it is asked."""
    first = {gate.name: next((when for when in _GROUPS if gate.at(when)), When.WATCH) for gate in phase.gates}
    blocks: list[Block] = []
    for when, title in _GROUPS.items():
        blocks += listing(title, [gate_words(gate) for gate in phase.gates if first[gate.name] is when])
    return blocks


def _back(copy: ResolvedPhase) -> list[str]:
    lines = []
    for name in copy.phase.rollback:
        rung = copy.rungs.get(name)
        if rung is None:
            continue
        checks = f", then verified by {count(len(rung.verify), 'check')}" if rung.verify else ""
        lines.append(f"{escape(rung.title)} ({count(len(rung.steps), 'step')}{checks})")
    return lines


def _now(seen: Previewed) -> Block:
    if seen.refusal is None:
        return context("Nothing was changed. Proposing asks the guilds; it starts nothing.")
    return section(f"*It cannot be proposed now.* {_no(seen.refusal)}")


def _row(seen: Previewed, ids: Ids) -> list[Block]:
    offered = preview_meanings(seen)
    return row(offered, ids, {each: f"{each.move.capitalize()} {each.phase}" for each in offered})
