"""Gates: what each gate says, how old that is, and where it was read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from bot.domain.board import Standing
from bot.domain.gates import Gate
from bot.domain.plan import Phase
from bot.domain.probes import AttestProbe
from bot.domain.rollout import PhaseRun
from bot.domain.standing import Stand, length
from bot.domain.verdicts import Verdict, Waiver
from bot.ports import Snapshot
from bot.views import signs
from bot.views.blocks import context, parted, section
from bot.views.definitions import bound_words
from bot.views.limits import fit
from bot.views.message import Message
from bot.views.phases import Scene, gates_line, title_of
from bot.views.readings import Read, grouped
from bot.views.text import code, count, escape, plain_marks, when, who

_SAYS: Final = 240


class Judged(Protocol):
    """What `workflows.gates.Judged` offers."""

    @property
    def gate(self) -> Gate: ...
    @property
    def verdict(self) -> Verdict: ...


def standing_lines(seen: Snapshot, run: PhaseRun, now: datetime) -> Message:
    """Every gate of a run as it stands now, the worst first."""
    scene = Scene(seen, run, now)
    if not scene.gates:
        text = f"{escape(run.phase)} has no gates."
        return Message(text, (section(text),))
    order = list(Stand)
    gates = sorted(scene.gates, key=lambda gate: order.index(scene.stand(gate)))
    title = f"*{escape(run.phase)}* · {signs.state(run)}"
    blocks = [section(title), *(section(part) for part in parted(_line(scene, gate) for gate in gates))]
    blocks.append(context("Only a fresh pass is a pass. Attested means that a person looked; nobody measured it."))
    return fit(Message(f"{escape(run.phase)}: {plain_marks(gates_line(scene))}", tuple(blocks)))


def _line(scene: Scene, gate: Gate) -> str:
    kind = scene.stand(gate)
    standing = scene.seen.board.standing(scene.run, gate.name)
    head = f"{signs.STANDS[kind]} {code(gate.name)} {kind.value}"
    waiver = next((each for each in scene.run.waivers if each.gate == gate.name and each.stands(scene.now)), None)
    beside = _waiver(scene, waiver) if waiver and kind is Stand.WAIVED else ""
    if standing is None:
        return f"{head} — {_awaited(scene, gate)}{beside}"
    return f"{head} — {_read(standing, scene.now)}{beside}"


def _awaited(scene: Scene, gate: Gate) -> str:
    if isinstance(gate.probe, AttestProbe):
        return f"{escape(gate.probe.ask, _SAYS)} ({title_of(scene.seen.plan, gate.probe.by)})"
    return bound_words(gate)


def _read(standing: Standing, now: datetime) -> str:
    """The reading with its bound, samples, age, life and source."""
    verdict = standing.verdict
    samples = f" · {count(verdict.reading.samples, 'sample')}" if verdict.reading.samples is not None else ""
    age = f" · {length(now - verdict.reading.at)} old"
    left = verdict.valid_until - now
    life = f", stands for {length(left)} more" if verdict.stands(now) else ", no longer stands"
    errors = f" · {count(standing.errors, 'error')} in a row" if standing.errors > 1 else ""
    before = " · failed already before the phase began" if standing.bad_before else ""
    by = f" · attested by {who(verdict.attested_by)}" if verdict.attested_by else ""
    source = f" · {escape(verdict.reading.source, 80)}" if not verdict.attested_by else ""
    return f"{escape(verdict.says, _SAYS)}{samples}{age}{life}{errors}{before}{by}{source}"


def _waiver(scene: Scene, waiver: Waiver) -> str:
    guild = title_of(scene.seen.plan, waiver.guild)
    return f" · waived by {who(waiver.by)} for {guild} until {when(waiver.until)}: {escape(waiver.reason, _SAYS)}"


def judged(phase: Phase, read: Sequence[Judged]) -> Message:
    """Gates that were read just now, without any rollout; nothing of it is recorded."""
    measured = [
        Read(
            each.gate.name,
            each.verdict.outcome,
            each.verdict.says,
            "" if each.verdict.reading.samples is None else str(each.verdict.reading.samples),
            each.verdict.reading.source,
        )
        for each in read
        if not each.gate.attested
    ]
    attested = [f"• {code(each.gate.name)} {bound_words(each.gate)}" for each in read if each.gate.attested]
    apart = [f"*{signs.STANDS[Stand.ATTESTED]} attested, not measured* ({count(len(attested), 'gate')})"]
    lines = [*grouped(measured), *(apart if attested else []), *attested]
    title = f"The gates of *{escape(phase.name)}*, read now; nothing is recorded, since no attempt is under way."
    passing = sum(each.outcome.value == Stand.PASS.value for each in measured)
    text = f"{escape(phase.name)}: {passing} of {count(len(measured), 'measured gate')} pass."
    return fit(Message(text, (section(title), *(section(part) for part in parted(lines)))))
