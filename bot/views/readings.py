"""Readings: the gates of one reading on command, the failing ones first, the attested apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.gates import Gate
from bot.domain.posts import Post
from bot.domain.probes import AttestProbe
from bot.domain.rollout import PhaseRun
from bot.domain.standing import Stand
from bot.domain.verdicts import Outcome
from bot.ports import Snapshot
from bot.views import signs
from bot.views.phases import Scene, title_of
from bot.views.text import code, count, escape

_GROUPS = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.PASS)
_LONGEST = 240


@dataclass(frozen=True)
class Read:
    """One gate as it was read: the fact of a ledger entry taken apart."""

    gate: str
    outcome: Outcome
    says: str
    samples: str
    source: str

    @classmethod
    def of(cls, gate: str, fact: str) -> "Read":
        """`outcome|says|samples|source`; only the words of `says` may hold the sign themselves."""
        outcome, _, rest = fact.partition("|")
        parts = rest.rsplit("|", 2)
        says, samples, source = (*parts, "", "")[:3]
        known = outcome in set(Outcome)
        return cls(gate, Outcome(outcome) if known else Outcome.ERROR, says if known else fact, samples, source)


def reading_lines(post: Post, seen: Snapshot) -> list[str]:
    """Each gate a line, under the word of its outcome."""
    scene = _scene(post, seen)
    gates = {gate.name: gate for gate in scene.gates}
    read = [Read.of(name, str(fact)) for name, fact in post.facts.items()]
    attested = [gates[each.gate] for each in read if each.gate in gates and gates[each.gate].attested]
    measured = [each for each in read if each.gate not in {gate.name for gate in attested}]
    return [*grouped(measured), *_attested(scene, attested)]


def _scene(post: Post, seen: Snapshot) -> Scene:
    run = seen.rollout.run(post.phase) or PhaseRun(post.phase)
    return Scene(seen, run, run.changed_at or seen.rollout.opened_at)


def grouped(read: Sequence[Read]) -> Iterator[str]:
    """The measured gates, the worst outcome first."""
    for outcome in _GROUPS:
        mine = [each for each in read if each.outcome is outcome]
        if mine:
            yield f"*{signs.OUTCOMES[outcome]} {outcome.value}* ({count(len(mine), 'gate')})"
            yield from (line(each) for each in mine)


def line(read: Read) -> str:
    samples = f" · {escape(read.samples)} samples" if read.samples else ""
    source = f" · {escape(read.source, 80)}" if read.source else ""
    return f"• {code(read.gate)} {escape(read.says, _LONGEST)}{samples}{source}"


def _attested(scene: Scene, gates: Sequence[Gate]) -> Iterator[str]:
    """What nobody measures: the word that stands, or whose word is awaited."""
    if gates:
        yield f"*{signs.STANDS[Stand.ATTESTED]} attested, not measured* ({count(len(gates), 'gate')})"
    for gate in gates:
        standing = scene.seen.board.standing(scene.run, gate.name)
        by = gate.probe.by if isinstance(gate.probe, AttestProbe) else ""
        if standing is not None and standing.verdict.outcome is Outcome.PASS:
            yield f"• {code(gate.name)} {escape(standing.verdict.says, _LONGEST)}"
        else:
            yield f"• {code(gate.name)} waits for the word of {title_of(scene.seen.plan, by)}"
