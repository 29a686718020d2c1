"""Whatever goes in, what comes out is what Slack takes, cut at whole words and never inside a mark."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.views.blocks import context, divider, header, listing, parted, section
from bot.views.limits import OVERALL, cut, faults, fit, size
from bot.views.message import Message
from bot.views.text import code, escape, mention, when
from sandbox.workspace.blockkit.blocks import check_message_blocks

LONG = st.tuples(st.text(min_size=1, max_size=12), st.integers(1, 600)).map(lambda pair: pair[0] * pair[1])


def buttons(labels):
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": label},
                "action_id": "rollout:why",
                "value": "x",
                "confirm": {
                    name: {"type": "plain_text", "text": label} for name in ("title", "text", "confirm", "deny")
                },
            }
            for label in labels
        ],
    }


BLOCKS = st.one_of(
    LONG.map(section),
    LONG.map(header),
    LONG.map(context),
    st.just(divider()),
    st.lists(LONG, max_size=30).map(buttons),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(BLOCKS, min_size=1, max_size=70), LONG)
def test_every_message_fits_after_fitting(blocks, text):
    message = fit(Message(text, tuple(blocks)))
    assert faults(message.blocks) == ()
    assert check_message_blocks(list(message.blocks)) == []
    assert size(message.blocks) <= OVERALL
    assert len(message.text) <= 3000


def test_titles_and_buttons_stay_when_details_must_go():
    blocks = [header("Title"), *(section("words " * 400) for _ in range(20)), buttons(["Why?"])]
    kept = fit(Message("x", tuple(blocks))).blocks
    assert kept[0]["type"] == "header"
    assert kept[-1]["type"] == "actions"
    assert kept[-2]["elements"][0]["text"] == "… more is not shown here."


def test_a_message_that_fits_is_left_as_it_is():
    message = Message("x", (section("a"), divider(), context("b")))
    assert fit(message) == message


@given(st.lists(st.sampled_from(["word", "&amp;", "&lt;", mention("U02ABC"), code("x y"), "<!date^1^{a b} {c}|d e>"])))
def test_a_cut_never_tears_a_mark_an_entity_or_code(parts):
    text = " ".join(parts)
    for most in (10, 25, 60):
        short = cut(text, most)
        assert len(short) <= most
        assert short.count("<") == short.count(">")
        assert short.count("`") % 2 == 0
        assert short.count("&") == short.count(";")
        assert short == text or short.rstrip("`").endswith("…")


def test_the_faults_of_a_message_are_all_found():
    twice = buttons(["a", "b"])
    wrong = [
        header("x" * 151),
        section("x" * 3001),
        context("x" * 2001),
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        twice,
        buttons(["x" * 76]),
        {"type": "actions", "elements": []},
        {"type": "strange"},
        {"type": "section"},
    ]
    for block in wrong:
        assert faults([block]), block
        assert check_message_blocks([block]), block
    assert faults([divider()] * 51)
    assert faults([section("x" * 2900)] * 5)


def test_long_lists_are_parted_between_lines():
    lines = [f"line {number} {'x' * 90}" for number in range(200)]
    parts = parted(lines)
    assert "\n".join(parts) == "\n".join(lines)
    assert all(len(part) <= 3000 for part in parts)
    assert listing("Nothing", []) == []


def test_somebodys_text_is_one_line_of_bounded_length():
    assert escape("a\nb\tc") == "a b c"
    assert len(escape("x" * 5000)) == 800
    assert escape("a" * 900).endswith("…")


def test_moments_are_shown_in_the_readers_zone_with_utc_beside(world):
    assert when(world.now) == "<!date^1756728000^{date_short_pretty} {time}|2025-09-01 12:00 UTC>"
