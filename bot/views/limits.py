"""Limits: what Slack takes; too much is shortened by whole words, never refused at the last moment."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from bot.views.message import Block, Message

BLOCKS: Final = 50
HOME_BLOCKS: Final = 100
HOME_SIZE: Final = 250_000
OVERALL: Final = 13_000
SECTION: Final = 3000
FIELD: Final = 2000
FIELDS: Final = 10
HEADER: Final = 150
CONTEXT: Final = 2000
CONTEXTS: Final = 10
ACTIONS: Final = 25
LABEL: Final = 75
VALUE: Final = 2000
ACTION_ID: Final = 255
CONFIRM: Final = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
TEXT: Final = 3000  # an edit takes 4,000
_MORE: Final = "…"
_KEPT: Final = frozenset({"actions", "header"})


def cut(text: str, most: int) -> str:
    """At most so many characters, ended after a whole word and outside of any mark of ours."""
    if len(text) <= most:
        return text
    head = text[: most - 2]
    space = max(head.rfind(" "), head.rfind("\n"))
    if space > most // 2:
        head = head[:space]
    for opening, closing in (("<", ">"), ("&", ";")):
        begun = head.rfind(opening)
        if begun > head.rfind(closing) and (opening == "<" or len(head) - begun <= len("&amp;")):
            head = head[:begun]
    tick = "`" if head.count("`") % 2 else ""
    return head.rstrip() + _MORE + tick


def fit(message: Message) -> Message:
    """The same message within Slack's limits; buttons and titles are kept, the last details go first."""
    blocks = [fitted for block in message.blocks if (fitted := _fitted(block))]
    return Message(cut(message.text, TEXT).strip() or _MORE, tuple(_shrunk(blocks)))


def fitting(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Each block within its own limits; for a home tab, whose maker counts the blocks."""
    return tuple(fitted for block in blocks if (fitted := _fitted(block)))


def _fitted(block: Block) -> Block | None:
    kind = block["type"]
    if kind == "section":
        return _section(block)
    if kind == "header":
        return {**block, "text": _text(block["text"], HEADER)}
    if kind == "context":
        return {**block, "elements": [_text(each, CONTEXT) for each in _list(block["elements"])[:CONTEXTS]]}
    if kind == "actions":
        return _actions(block)
    return block


def _section(block: Block) -> Block:
    fitted = dict(block)
    if "text" in block:
        fitted["text"] = _text(block["text"], SECTION)
    if "fields" in block:
        fitted["fields"] = [_text(each, FIELD) for each in _list(block["fields"])[:FIELDS]]
    if isinstance(block.get("accessory"), dict):
        fitted["accessory"] = _button(cast("Block", block["accessory"]))
    return fitted


def _actions(block: Block) -> Block | None:
    elements = [_button(cast("Block", each)) for each in _list(block["elements"])[:ACTIONS]]
    seen: dict[str, int] = {}
    for each in elements:
        name = str(each["action_id"])
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            each["action_id"] = f"{name[: ACTION_ID - 4]}:{seen[name]}"
    return {**block, "elements": elements} if elements else None


def _button(button: Block) -> Block:
    fitted = {**button, "text": _text(button["text"], LABEL), "action_id": str(button["action_id"])[:ACTION_ID]}
    confirm = button.get("confirm")
    if isinstance(confirm, dict):
        fitted["confirm"] = {
            name: _text(part, CONFIRM[name]) if name in CONFIRM else part for name, part in confirm.items()
        }
    return fitted


def _text(value: object, most: int) -> Block:
    text = cast("Block", value)
    return {**text, "text": cut(str(text["text"]), most) or " "}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def size(blocks: Sequence[Block]) -> int:
    """How many characters the blocks are as they are sent."""
    return len(json.dumps(list(blocks), ensure_ascii=False, separators=(",", ":")))


def _shrunk(blocks: list[Block]) -> list[Block]:
    """Leave out the last details until the rest fits, and say that something was left out."""
    notice: Block = {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": "… more is not shown here.", "verbatim": True}],
    }
    kept, at = list(blocks), -1
    while len(kept) + (at >= 0) > BLOCKS or size(kept) + (size([notice]) if at >= 0 else 0) > OVERALL:
        found = [index for index, block in enumerate(kept) if index and block["type"] not in _KEPT]
        at = found[-1] if found else len(kept) - 1
        del kept[at]
    return kept if at < 0 else [*kept[:at], notice, *kept[at:]]


def faults(blocks: Sequence[Block], most: int = BLOCKS, overall: int = OVERALL) -> tuple[str, ...]:
    """Everything that Slack would refuse about these blocks of a message; empty when it takes them."""
    wrong = [f"block {number}: {fault}" for number, block in enumerate(blocks) for fault in _faults(block)]
    if len(blocks) > most:
        wrong.append(f"{len(blocks)} blocks of {most}")
    if size(blocks) > overall:
        wrong.append(f"{size(blocks)} characters of {overall}")
    return tuple(wrong)


def _faults(block: Block) -> Iterator[str]:
    kind = block.get("type")
    if kind == "section":
        yield from _section_faults(block)
    elif kind == "header":
        yield from _length(block.get("text"), HEADER)
    elif kind == "context":
        yield from _elements(block, CONTEXTS)
        for each in _list(block.get("elements")):
            yield from _length(each, CONTEXT)
    elif kind == "actions":
        yield from _elements(block, ACTIONS)
        names = [each.get("action_id") for each in _list(block.get("elements")) if isinstance(each, dict)]
        yield from (f"action_id {name} twice" for name in {str(one) for one in names if names.count(one) > 1})
        for each in _list(block.get("elements")):
            yield from _button_faults(each)
    elif kind != "divider":
        yield f"unknown kind {kind}"


def _section_faults(block: Block) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield "neither text nor fields"
    if "text" in block:
        yield from _length(block["text"], SECTION)
    if len(_list(block.get("fields"))) > FIELDS:
        yield "too many fields"
    for each in _list(block.get("fields")):
        yield from _length(each, FIELD)
    if "accessory" in block:
        yield from _button_faults(block["accessory"])


def _button_faults(button: object) -> Iterator[str]:
    if not isinstance(button, Mapping) or button.get("type") != "button":
        yield "not a button"
        return
    yield from _length(button.get("text"), LABEL)
    for name, most in (("value", VALUE), ("action_id", ACTION_ID)):
        if not 0 < len(str(button.get(name, ""))) <= most:
            yield f"{name} is empty or too long"
    if button.get("style", "primary") not in {"primary", "danger"}:
        yield "unknown style"
    confirm = button.get("confirm")
    if isinstance(confirm, Mapping):
        for name, most in CONFIRM.items():
            yield from _length(confirm.get(name), most)


def _elements(block: Block, most: int) -> Iterator[str]:
    if not 0 < len(_list(block.get("elements"))) <= most:
        yield "no elements or too many"


def _length(text: object, most: int) -> Iterator[str]:
    words = text.get("text") if isinstance(text, Mapping) else None
    if not isinstance(words, str) or not 0 < len(words) <= most:
        yield f"text is empty or over {most} characters"
