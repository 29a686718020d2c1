"""Buttons: one for each move that people can make, drawn from the table of moves, each with an opaque id."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.rollout import TRANSITIONS, Move
from bot.ports import Meaning
from bot.views.message import Block, Ids
from bot.views.text import plain

# What a listener matches: the move is all that it may learn from it; the rest is behind the button's value.
ACTION: Final = re.compile(r"^rollout:(?P<move>[a-z-]+)(?::.*)?$")


@dataclass(frozen=True)
class Confirm:
    """The question that Slack asks before it tells us of a click."""

    title: str
    text: str
    yes: str


@dataclass(frozen=True)
class Look:
    """How a button appears. `modal` opens a form; its answer is what counts, not the click."""

    label: str
    style: str = ""
    modal: bool = False
    confirm: Confirm | None = None


_LOOKS: Final[Mapping[Move, Look]] = {
    Move.PROPOSE: Look("Propose", "primary"),
    Move.APPROVE: Look("Approve", "primary"),
    Move.WITHDRAW: Look("Withdraw my approval"),
    Move.DENY: Look("Deny…", modal=True),
    Move.START: Look(
        "Start", "primary", confirm=Confirm("Start it?", "The steps run now, as they were approved.", "Start")
    ),
    Move.ABORT: Look("Abort…", modal=True),
    Move.ATTEST: Look("Attest…", modal=True),
    Move.WAIVE: Look("Waive…", modal=True),
    Move.PROMOTE: Look(
        "Promote", "primary", confirm=Confirm("Promote it?", "The phase passes; its gates stay watched.", "Promote")
    ),
    Move.HOLD: Look("Hold…", modal=True),
    Move.RESUME: Look("Resume"),
    Move.RETRY: Look("Retry the step"),
    Move.SNOOZE: Look("Snooze 10 min"),
    Move.ROLL_BACK: Look("Roll back…", modal=True),
    Move.TASK_DONE: Look("Done"),
}


def _look(move: Move, *, danger: bool) -> Look:
    look = _LOOKS[move]
    return replace(look, style="danger") if danger else look


# One for each move of people, by the table; the table says which are dangerous.
MOVE_BUTTONS: Final[Mapping[str, Look]] = {
    line.move.value: _look(line.move, danger=line.danger) for line in TRANSITIONS if not line.clockwork
}
OTHER_BUTTONS: Final[Mapping[str, Look]] = {
    "preview": Look("Preview"),
    "gates": Look("Gates"),
    "why": Look("Why?"),
    "by-hand": Look("Done by hand…", modal=True),
    "request": Look("See the request"),
    "later": Look("Remind me later"),
    "page": Look("›"),
    "subscribe": Look("Direct messages…"),
    "close": Look(
        "Close the rollout",
        confirm=Confirm("Close it?", "Its gates are watched no longer; nothing can be rolled back after.", "Close"),
    ),
}
BUTTONS: Final[Mapping[str, Look]] = {**MOVE_BUTTONS, **OTHER_BUTTONS}
MODAL_MOVES: Final = frozenset(move for move, look in BUTTONS.items() if look.modal)


def button(label: str, meaning: Meaning, ids: Ids, style: str = "", confirm: Confirm | None = None) -> Block:
    """One button whose value is the opaque id of its meaning."""
    drawn: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": plain(label)},
        "action_id": _action_id(meaning),
        "value": ids[meaning],
    }
    if style:
        drawn["style"] = style
    if confirm:
        drawn["confirm"] = _dialog(confirm, style)
    return drawn


def drawn(meaning: Meaning, ids: Ids, label: str = "") -> Block:
    """The button as its move looks everywhere."""
    look = BUTTONS[meaning.move]
    return button(label or look.label, meaning, ids, look.style, look.confirm)


def row(meanings: Iterable[Meaning], ids: Ids, labels: Mapping[Meaning, str] | None = None) -> list[Block]:
    """One row of buttons; those without an id are left out, so that no ids give the message as it reads in print."""
    named = labels or {}
    buttons = [drawn(each, ids, named.get(each, "")) for each in meanings if each in ids]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _action_id(meaning: Meaning) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", meaning.subject.lower())[:60].strip("-")
    return f"rollout:{meaning.move}:{slug}" if slug else f"rollout:{meaning.move}"


def _dialog(confirm: Confirm, style: str) -> Block:
    def text(words: str) -> Block:
        return {"type": "plain_text", "text": plain(words)}

    dialog: Block = {
        "title": text(confirm.title),
        "text": text(confirm.text),
        "confirm": text(confirm.yes),
        "deny": text("Not now"),
    }
    return {**dialog, "style": style} if style else dialog
