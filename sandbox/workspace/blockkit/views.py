"""Views: modals and home tabs, and what Slack refuses about them."""

import json

from sandbox.workspace.blockkit.blocks import EVERYWHERE, ONLY_MODALS, check_blocks
from sandbox.workspace.blockkit.objects import plain
from sandbox.workspace.blockkit.shapes import Check, Shape, anything, choice, complain, text, truth

COMMON: dict[str, Check] = {
    "private_metadata": text(3000, 0),
    "callback_id": text(255, 0),
    "external_id": text(255, 0),
}
MODAL = Shape(
    {"type": choice("modal"), "title": plain(24), "blocks": anything},
    COMMON
    | {"submit": plain(24), "close": plain(24)}
    | {"clear_on_close": truth, "notify_on_close": truth, "submit_disabled": truth},
)
HOME = Shape({"type": choice("home"), "blocks": anything}, COMMON)
LARGEST = 250_000


def check_view(view: object, kind: str) -> list[str]:
    """Say everything that is wrong with a view of that kind (`modal` or `home`)."""
    wrong = list((MODAL if kind == "modal" else HOME)(view, "/view"))
    if not isinstance(view, dict):
        return wrong
    blocks = view.get("blocks")
    if blocks is not None:
        wrong += check_blocks(blocks, most=100, shapes=EVERYWHERE | (ONLY_MODALS if kind == "modal" else {}))
    rows = blocks if isinstance(blocks, list) else []
    asks = any(isinstance(row, dict) and row.get("type") == "input" for row in rows)
    if kind == "modal" and asks and "submit" not in view:
        wrong.append(complain("missing required field: submit (the view has an input block)", "/view"))
    return wrong


def too_large(view: object) -> bool:
    return len(json.dumps(view, ensure_ascii=False).encode()) > LARGEST
