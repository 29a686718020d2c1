"""Modals: the forms behind the moves that need fields; what is shown of the move stands above the fields."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.gates import Gate
from bot.domain.probes import AttestProbe
from bot.domain.reasons import guild_title
from bot.domain.rollout import PhaseRun
from bot.ports import Meaning, Snapshot
from bot.views.blocks import parted, section
from bot.views.buttons import MODAL_MOVES
from bot.views.limits import LABEL, cut
from bot.views.message import Block
from bot.views.phases import Scene, title_of, way_back
from bot.views.text import code, escape, plain, short

MODALS: Final = MODAL_MOVES
_TITLE: Final = 24
_BOXES: Final = 10
_OPTIONS: Final = 100
_LONGEST: Final = 1000
_NAME: Final = 150


def modal(meaning: Meaning, button: str, seen: Snapshot, now: datetime) -> Block:
    """The form for this button; its answers are named `reason`, `gates`, `guild` and `statement`."""
    run = seen.rollout.run(meaning.phase) or PhaseRun(meaning.phase)
    title, submit, above, fields = _FORMS[meaning.move](Scene(seen, run, now), meaning)
    form: Block = {
        "type": "modal",
        "callback_id": f"rollout:{meaning.move}",
        "private_metadata": button,
        "title": _plain(title, _TITLE),
        "close": _plain("Cancel", _TITLE),
        "blocks": [*(section(part) for part in parted(above)), *fields],
    }
    return {**form, "submit": _plain(submit, _TITLE)} if fields else form


_Form = tuple[str, str, Sequence[str], Sequence[Block]]


def _deny(scene: Scene, _meaning: Meaning) -> _Form:
    above = [f"A denial ends the request for {_named(scene)}; everybody reads the reason."]
    return "Deny", "Deny", above, [_typed("reason", "What must change?")]


def _hold(scene: Scene, _meaning: Meaning) -> _Form:
    above = [f"{_named(scene)} stands still until somebody resumes it; its gates are read on, the soak does not count."]
    return "Hold", "Hold", above, [_typed("reason", "Why?")]


def _abort(scene: Scene, _meaning: Meaning) -> _Form:
    above = [f"{_named(scene)} ends before its first effect; going again needs approvals anew."]
    return "Abort", "Abort", above, [_typed("reason", "Why?")]


def _rollback(scene: Scene, _meaning: Meaning) -> _Form:
    phase = scene.phase
    above = [
        f"{_named(scene)} goes back now, rung by rung, each verified before the next.",
        way_back(phase.rollback if phase else (), scene.rungs),
    ]
    return "Roll back", "Roll back", above, [_typed("reason", "Why?")]


def _by_hand(scene: Scene, meaning: Meaning) -> _Form:
    step = next((each for each in scene.intents() if each.id == meaning.subject), None)
    if step is None:
        return "Done by hand", "", ["This step does not wait for anybody's word any more."], []
    above = [f"*{escape(step.title)}*", escape(step.says), "Your word is recorded as by hand, not measured."]
    asked = _typed("statement", "What did you do, and what did you see?")
    return "Done by hand", "It is done", [line for line in above if line], [asked]


def _attest(scene: Scene, _meaning: Meaning) -> _Form:
    gates = scene.unattested()
    if not gates:
        return "Attest", "", ["No gate waits for anybody's word now."], []
    lines = [f"• {code(gate.name)} {_ask(scene, gate)}" for gate in gates]
    above = ["Attested means: a person looked. It is shown as attested, never as measured.", *lines]
    fields = [
        _several("gates", "Which gates?", gates),
        _typed("statement", "What did you look at, and what was there?"),
    ]
    return "Attest", "Attest", above, fields


def _ask(scene: Scene, gate: Gate) -> str:
    if not isinstance(gate.probe, AttestProbe):
        return ""
    return f"{escape(gate.probe.ask)} ({title_of(scene.seen.plan, gate.probe.by)})"


def _waive(scene: Scene, meaning: Meaning) -> _Form:
    gates = scene.waivable()
    if not gates:
        return "Waive", "", ["No gate that is not met can be waived; what is not waivable must pass."], []
    above = ["A waiver goes on without a pass for a day, in your name; it never stands in place of the verdict."]
    guilds = [(name, guild_title(scene.seen.plan, name)) for name in sorted(scene.run.quorum or {})]
    fields = [_one("gates", "Which gate?", [(gate.name, gate.name) for gate in gates], meaning.subject)]
    fields += [_one("guild", "For which guild do you speak?", guilds)] if guilds else []
    return "Waive a gate", "Waive", above, [*fields, _typed("reason", "Why is it safe to go on?")]


_FORMS: Final[Mapping[str, Callable[[Scene, Meaning], _Form]]] = {
    "deny": _deny,
    "hold": _hold,
    "abort": _abort,
    "rollback": _rollback,
    "by-hand": _by_hand,
    "attest": _attest,
    "waive": _waive,
}


def _named(scene: Scene) -> str:
    digest = f" (digest {code(short(scene.run.digest))})" if scene.run.digest else ""
    return f"*{escape(scene.run.phase)}* of {escape(scene.seen.rollout.name)}{digest}"


def _plain(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": cut(plain(text), most) or " "}


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": _plain(label, LABEL), "element": {**element, "action_id": name}}


def _typed(name: str, label: str) -> Block:
    return _input(name, label, {"type": "plain_text_input", "multiline": True, "min_length": 3, "max_length": _LONGEST})


def _option(value: str, label: str, more: str = "") -> Block:
    option: Block = {"text": _plain(label, LABEL), "value": value}
    return {**option, "description": _plain(more, LABEL)} if more else option


def _one(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str = "") -> Block:
    options = {value: _option(value, words) for value, words in choices[:_OPTIONS] if len(value) <= _NAME}
    element: Block = {"type": "static_select", "options": list(options.values())}
    if chosen in options:
        element["initial_option"] = options[chosen]
    return _input(name, label, element)


def _several(name: str, label: str, gates: Sequence[Gate]) -> Block:
    """Boxes to tick; a menu when there are more than Slack has boxes."""
    options = [_option(gate.name, gate.name, gate.title) for gate in gates[:_OPTIONS] if len(gate.name) <= _NAME]
    kind = "checkboxes" if len(options) <= _BOXES else "multi_static_select"
    return _input(name, label, {"type": kind, "options": options})
