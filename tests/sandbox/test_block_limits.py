"""Block Kit's limits, each at its edge: what fits is taken, one more is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.workspace.blockkit.blocks import check_message_blocks
from sandbox.workspace.blockkit.views import check_view

Made = dict[str, Any]


def plain(text: str) -> Made:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Made:
    return {"type": "button", "text": plain("Go"), "action_id": "go"} | more


def actions(*elements: Made) -> Made:
    return {"type": "actions", "elements": list(elements)}


def section(**more: Any) -> Made:
    return {"type": "section"} | more


def options(count: int, label: int = 5, value: int = 5) -> list[Made]:
    return [{"text": plain("x" * label), "value": f"{n:05d}".ljust(value, "v")} for n in range(count)]


def select(**more: Any) -> Made:
    return {"type": "static_select", "action_id": "pick", "placeholder": plain("Pick")} | more


def confirm(title: int = 5, text: int = 5, yes: int = 5, no: int = 5) -> Made:
    return {
        "title": plain("t" * title),
        "text": plain("x" * text),
        "confirm": plain("y" * yes),
        "deny": plain("n" * no),
    }


def entry(**more: Any) -> Made:
    element = {"type": "plain_text_input", "action_id": "text"}
    return {"type": "input", "label": plain("Why"), "element": element} | more


def table(rows: int, columns: int) -> Made:
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "table", "rows": [[cell] * columns for _ in range(rows)]}


def picture(**more: Any) -> Made:
    return {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a chart"} | more


def buttons(count: int) -> list[Made]:
    return [button(action_id=f"go-{n}") for n in range(count)]


# Each: a name, how to make the blocks with a size, and the largest size that Slack takes.
EDGES: list[tuple[str, Callable[[int], list[Made]], int]] = [
    ("blocks in a message", lambda n: [{"type": "divider"}] * n, 50),
    ("section text", lambda n: [section(text=plain("x" * n))], 3000),
    ("section fields", lambda n: [section(fields=[plain("x")] * n)], 10),
    ("field text", lambda n: [section(fields=[plain("x" * n)])], 2000),
    ("header text", lambda n: [{"type": "header", "text": plain("x" * n)}], 150),
    ("context elements", lambda n: [{"type": "context", "elements": [plain("x")] * n}], 10),
    ("actions elements", lambda n: [actions(*buttons(n))], 25),
    ("button text", lambda n: [actions(button(text=plain("x" * n)))], 75),
    ("button value", lambda n: [actions(button(value="x" * n))], 2000),
    ("button url", lambda n: [actions(button(url="https://e.org/".ljust(n, "x")))], 3000),
    ("action_id", lambda n: [actions(button(action_id="x" * n))], 255),
    ("block_id", lambda n: [{"type": "divider", "block_id": "x" * n}], 255),
    ("confirm title", lambda n: [actions(button(confirm=confirm(title=n)))], 100),
    ("confirm text", lambda n: [actions(button(confirm=confirm(text=n)))], 300),
    ("confirm yes", lambda n: [actions(button(confirm=confirm(yes=n)))], 30),
    ("confirm no", lambda n: [actions(button(confirm=confirm(no=n)))], 30),
    ("select options", lambda n: [actions(select(options=options(n)))], 100),
    ("option label", lambda n: [actions(select(options=options(1, label=n)))], 75),
    ("option value", lambda n: [actions(select(options=options(1, value=n)))], 150),
    (
        "overflow options",
        lambda n: [actions({"type": "overflow", "action_id": "more", "options": options(n)})],
        5,
    ),
    ("placeholder", lambda n: [actions(select(options=options(1), placeholder=plain("x" * n)))], 150),
    ("input label", lambda n: [entry(label=plain("x" * n))], 2000),
    ("input hint", lambda n: [entry(hint=plain("x" * n))], 2000),
    ("image alt_text", lambda n: [picture(alt_text="x" * n)], 2000),
    ("image title", lambda n: [picture(title=plain("x" * n))], 2000),
    ("image url", lambda n: [picture(image_url="https://e.org/".ljust(n, "x"))], 3000),
    ("markdown text", lambda n: [{"type": "markdown", "text": "x" * n}], 12_000),
    ("table rows", lambda n: [table(n, 1)], 100),
    ("table columns", lambda n: [table(1, n)], 20),
    (
        "context_actions elements",
        lambda n: [
            {
                "type": "context_actions",
                "elements": [
                    {"type": "icon_button", "icon": "trash", "text": plain("x"), "action_id": f"i{k}"} for k in range(n)
                ],
            }
        ],
        5,
    ),
]


@pytest.mark.parametrize(("name", "make", "most"), EDGES, ids=[edge[0] for edge in EDGES])
def test_the_limit_fits_and_one_more_does_not(name: str, make: Callable[[int], list[Made]], most: int) -> None:
    assert check_message_blocks(make(most)) == []
    assert check_message_blocks(make(most + 1)) != []


WRONG: list[tuple[str, list[Made], str]] = [
    ("an unknown block", [{"type": "banner"}], "unsupported block type: banner"),
    ("an unknown element", [actions({"type": "slider", "action_id": "x"})], "unsupported element type"),
    ("a button in an input", [entry(element=button())], "unsupported input element type"),
    ("an unknown key", [section(text=plain("x"), colour="red")], "invalid additional property: colour"),
    ("a style of its own", [actions(button(style="warning"))], "must be one of: primary, danger"),
    ("mrkdwn on a button", [actions(button(text={"type": "mrkdwn", "text": "*x*"}))], "must be one of: plain_text"),
    ("mrkdwn in a header", [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
    ("an empty text", [section(text=plain(""))], "at least 1"),
    ("a section without text", [section()], "text or fields"),
    ("an image without words", [{"type": "image", "image_url": "https://e.org/a"}], "alt_text"),
    ("an image from nowhere", [{"type": "image", "alt_text": "a"}], "exactly one of"),
    ("a link that is none", [actions(button(url="javascript:alert(1)"))], "valid URL"),
    ("an action twice in a block", [actions(button(), button())], "already exists"),
    ("a block id twice", [{"type": "divider", "block_id": "a"}] * 2, "already exists"),
    ("an option value twice", [actions(select(options=options(1) * 2))], "unique"),
    ("a strange initial option", [actions(select(options=options(1), initial_option=options(2)[1]))], "match"),
    ("no options at all", [actions(select())], "exactly one of"),
    ("an alert in a message", [{"type": "alert", "text": plain("x")}], "unsupported block type: alert"),
    ("markdown in two halves", [{"type": "markdown", "text": "x" * 6001}] * 2, "together"),
    ("no element at all", [actions()], "no fewer than 1"),
    ("two tables", [table(1, 1), table(1, 1)], "only one table"),
    ("a block that is a word", ["divider"], "unsupported block type"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("name", "blocks", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_what_slack_refuses_is_refused_with_its_place(name: str, blocks: list[Made], said: str) -> None:
    wrong = check_message_blocks(blocks)
    assert any(said in line for line in wrong), wrong
    assert all("json-pointer:/blocks" in line for line in wrong)


def modal(**more: Any) -> Made:
    return {"type": "modal", "title": plain("Title"), "blocks": [{"type": "divider"}]} | more


VIEWS: list[tuple[str, Callable[[int], Made], int]] = [
    ("blocks", lambda n: modal(blocks=[{"type": "divider"}] * n), 100),
    ("title", lambda n: modal(title=plain("x" * n)), 24),
    ("submit", lambda n: modal(submit=plain("x" * n)), 24),
    ("close", lambda n: modal(close=plain("x" * n)), 24),
    ("private_metadata", lambda n: modal(private_metadata="x" * n), 3000),
    ("callback_id", lambda n: modal(callback_id="x" * n), 255),
    ("alert", lambda n: modal(blocks=[{"type": "alert", "text": plain("x" * n)}]), 200),
]


@pytest.mark.parametrize(("name", "make", "most"), VIEWS, ids=[row[0] for row in VIEWS])
def test_a_modals_limit_fits_and_one_more_does_not(name: str, make: Callable[[int], Made], most: int) -> None:
    assert check_view(make(most), "modal") == []
    assert check_view(make(most + 1), "modal") != []


def test_a_modal_with_an_input_needs_a_submit_button() -> None:
    assert "submit" in check_view(modal(blocks=[entry()]), "modal")[0]
    assert check_view(modal(blocks=[entry()], submit=plain("Go")), "modal") == []


def test_a_home_tab_has_no_title() -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert check_view(home, "home") == []
    assert check_view(home | {"title": plain("x")}, "home") != []
