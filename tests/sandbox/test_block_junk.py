"""Junk anywhere in blocks is refused or taken, but never breaks the checks."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.workspace.blockkit.blocks import check_message_blocks
from sandbox.workspace.blockkit.views import check_view
from sandbox.workspace.memory import fill_ids


def words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


OPTION = {"text": words("one"), "value": "1"}
SOUND: list[Any] = [
    {"type": "section", "block_id": "s", "text": words("x"), "accessory": {"type": "button", "text": words("Go")}},
    {"type": "section", "fields": [words("x"), {"type": "mrkdwn", "text": "*x*"}]},
    {
        "type": "actions",
        "elements": [
            {"type": "static_select", "action_id": "a", "options": [OPTION], "initial_option": OPTION},
            {
                "type": "multi_static_select",
                "action_id": "b",
                "option_groups": [{"label": words("g"), "options": [OPTION]}],
                "initial_options": [OPTION],
            },
        ],
    },
    {"type": "input", "label": words("x"), "element": {"type": "plain_text_input", "min_length": 1, "max_length": 9}},
    {"type": "context", "elements": [{"type": "image", "image_url": "https://e.org/a", "alt_text": "a"}]},
    {"type": "markdown", "text": "x"},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]], "column_settings": [{"align": "left"}]},
]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[1]]),
    st.just({"type": 1}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


PLACES = [path for path in places(SOUND) if path]


def test_the_sound_blocks_are_sound() -> None:
    assert check_message_blocks(SOUND) == []


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_junk_in_any_place_is_answered(path: tuple[Any, ...], junk: Any) -> None:
    blocks = deepcopy(SOUND)
    spot: Any = blocks
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = junk
    wrong = check_message_blocks(blocks)
    assert all(line.startswith("[ERROR]") for line in wrong)
    assert isinstance(check_view({"type": "modal", "title": words("x"), "blocks": blocks}, "modal"), list)
    if not wrong:
        assert len(fill_ids(blocks)) == len(blocks)
