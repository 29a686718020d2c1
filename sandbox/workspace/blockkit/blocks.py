"""Blocks: the rows of a message, a modal or a home tab, and what Slack refuses about them."""

from collections.abc import Iterator

from sandbox.workspace.blockkit.elements import IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION, INTERACTIVE
from sandbox.workspace.blockkit.objects import SLACK_FILE, mrkdwn_or_plain, plain
from sandbox.workspace.blockkit.shapes import (
    Check,
    Complaints,
    Shape,
    a_dict,
    anything,
    choice,
    complain,
    kinds,
    link,
    many,
    number,
    one_of,
    text,
    truth,
)

BLOCK_ID = text(255)


def text_or_fields(value: object, place: str) -> Complaints:
    if isinstance(value, dict) and "text" not in value and "fields" not in value:
        yield complain("missing required field: text or fields", place)


def block(
    kind: str, needs: dict[str, Check] | None = None, may: dict[str, Check] | None = None, *rules: Check
) -> Shape:
    return Shape({"type": choice(kind)} | (needs or {}), {"block_id": BLOCK_ID} | (may or {}), rules)


CONTEXT = kinds(
    {
        "image": IMAGE,
        "plain_text": Shape({"type": choice("plain_text"), "text": text(2000)}, {"emoji": truth}),
        "mrkdwn": Shape({"type": choice("mrkdwn"), "text": text(2000)}, {"verbatim": truth}),
    },
    "context element",
)
RICH = kinds(
    {
        name: Shape(
            {"type": choice(name), "elements": many(a_dict, 1000, 0)},
            {
                "style": choice("bullet", "ordered"),
                "indent": number(0, 8),
                "offset": number(0, 10_000),
                "border": number(0, 1),
            },
        )
        for name in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
    },
    "rich text element",
)
RICH_TEXT = block("rich_text", {"elements": many(RICH, 1000, 0)})
CELL = kinds(
    {
        "raw_text": Shape({"type": choice("raw_text"), "text": text(3000)}),
        "raw_number": Shape({"type": choice("raw_number"), "value": anything}, {"text": text(3000)}),
        "rich_text": RICH_TEXT,
    },
    "table cell",
)
COLUMN = Shape({}, {"align": choice("left", "center", "right"), "is_wrapped": truth})
FEEDBACK = Shape({"text": plain(75), "value": text(2000)}, {"accessibility_label": text(75)})
CONTEXT_ACTIONS = {
    "feedback_buttons": Shape(
        {"type": choice("feedback_buttons"), "positive_button": FEEDBACK, "negative_button": FEEDBACK},
        {"action_id": text(255)},
    ),
    "icon_button": Shape(
        {"type": choice("icon_button"), "icon": text(100), "text": plain(75)},
        {"action_id": text(255), "value": text(2000), "accessibility_label": text(75), "confirm": anything},
    ),
}
TASK_CARD = block(
    "task_card",
    {"task_id": text(255), "title": text(255)},
    {
        "details": RICH_TEXT,
        "output": RICH_TEXT,
        "sources": many(a_dict, 20, 0),
        "status": choice("pending", "in_progress", "complete", "error"),
    },
)

EVERYWHERE: dict[str, Shape] = {
    "section": block(
        "section",
        {},
        {
            "text": mrkdwn_or_plain(3000),
            "fields": many(mrkdwn_or_plain(2000), 10),
            "accessory": kinds(IN_SECTION, "accessory"),
            "expand": truth,
        },
        text_or_fields,
    ),
    "divider": block("divider"),
    "header": block("header", {"text": plain(150)}),
    "context": block("context", {"elements": many(CONTEXT, 10)}),
    "actions": block("actions", {"elements": many(kinds(IN_ACTIONS, "element"), 25)}),
    "image": block(
        "image",
        {"alt_text": text(2000)},
        {"image_url": link(), "slack_file": SLACK_FILE, "title": plain(2000)},
        one_of("image_url", "slack_file"),
    ),
    "input": block(
        "input",
        {"label": plain(2000), "element": kinds(IN_INPUT, "input element")},
        {"hint": plain(2000), "optional": truth, "dispatch_action": truth},
    ),
    "rich_text": RICH_TEXT,
}
ONLY_MESSAGES: dict[str, Shape] = {
    "markdown": block("markdown", {"text": text(12_000)}),
    "table": block("table", {"rows": many(many(CELL, 20), 100)}, {"column_settings": many(COLUMN, 20, 0)}),
    "context_actions": block("context_actions", {"elements": many(kinds(CONTEXT_ACTIONS, "element"), 5)}),
    "task_card": TASK_CARD,
    "plan": block("plan", {"title": text(255)}, {"tasks": many(TASK_CARD, 50, 0)}),
}
ONLY_MODALS: dict[str, Shape] = {
    "alert": block(
        "alert", {"text": mrkdwn_or_plain(200)}, {"level": choice("default", "info", "warning", "error", "success")}
    ),
}


def check_blocks(blocks: object, *, most: int, shapes: dict[str, Shape]) -> list[str]:
    """Say everything that is wrong with the list; empty means that Slack would take it."""
    wrong = list(many(kinds(shapes, "block"), most, 0)(blocks, "/blocks"))
    rows = [row for row in blocks if isinstance(row, dict)] if isinstance(blocks, list) else []
    wrong += repeated([row.get("block_id") for row in rows], "block_id", "/blocks")
    for index, row in enumerate(rows):
        names = [item.get("action_id") for item in interactive(row)]
        wrong += repeated(names, "action_id", f"/blocks/{index}")
    return wrong


def check_message_blocks(blocks: object) -> list[str]:
    wrong = check_blocks(blocks, most=50, shapes=EVERYWHERE | ONLY_MESSAGES)
    rows = [row for row in blocks if isinstance(row, dict)] if isinstance(blocks, list) else []
    markdown = sum(len(str(row.get("text", ""))) for row in rows if row.get("type") == "markdown")
    if markdown > 12_000:
        wrong.append(complain("markdown blocks must be no more than 12000 characters together", "/blocks"))
    if sum(row.get("type") == "table" for row in rows) > 1:
        wrong.append(complain("only one table is allowed", "/blocks"))
    return wrong


def repeated(names: list[object], what: str, place: str) -> list[str]:
    given = [name for name in names if isinstance(name, str)]
    twice = sorted({name for name in given if given.count(name) > 1})
    return [complain(f'`{what}` "{name}" already exists', place) for name in twice]


def interactive(row: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield the elements of one block that a person can use."""
    elements = row.get("elements")
    inside = [*(elements if isinstance(elements, list) else []), row.get("accessory"), row.get("element")]
    for item in inside:
        if isinstance(item, dict) and str(item.get("type")) in INTERACTIVE.keys() | CONTEXT_ACTIONS.keys():
            yield item
