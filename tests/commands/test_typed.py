"""Slack's markup becomes the words that were meant, and a payload becomes an ask."""

import pytest

from bot.views.message import Message
from commands.payloads import errors, form_of, mentioned_ask, pressed_ask, shown, typed_ask
from commands.typed import after_mention, plain, words


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("ask <@U0DANA|dana> and <@U0OMAR>", "ask @dana and @U0OMAR"),
        ("see <#C0ROLLOUT|gitguard-rollout>", "see #gitguard-rollout"),
        ("wake <!here> and <!subteam^S0DEVOPS|@devops>", "wake @here and @devops"),
        ("at <https://example.org|example.org>", "at example.org"),
        ("&amp;lt;script&amp;gt;", "&lt;script&gt;"),
    ],
)
def test_markup_is_undone_once(text: str, meant: str) -> None:
    assert plain(text) == meant


def test_a_command_is_words_with_who_and_where() -> None:
    ask = typed_ask(
        {
            "user_id": "U0DANA",
            "channel_id": "C0ROLLOUT",
            "channel_name": "gitguard-rollout",
            "text": "  hold canary   &lt;5 % ok ",
            "trigger_id": "1.2.3",
        }
    )
    assert ask.words == ("hold", "canary", "<5", "%", "ok")
    assert (ask.person, ask.channel, ask.room, ask.trigger) == ("U0DANA", "C0ROLLOUT", "gitguard-rollout", "1.2.3")


def test_a_mention_says_what_follows_the_bots_name() -> None:
    assert words(after_mention("<@U0BOT> status canary", "U0BOT")) == ("status", "canary")
    assert words(after_mention("hey <@U0BOT|rollout> why", "U0BOT")) == ("why",)
    event = {"user": "U0DANA", "channel": "C0ROLLOUT", "text": "<@U0BOT> why", "thread_ts": "1.1"}
    ask = mentioned_ask(event, "U0BOT")
    assert (ask.words, ask.thread, ask.trigger) == (("why",), "1.1", "")


def test_another_bot_is_nobody() -> None:
    event = {"bot_id": "B0OTHER", "user": "U0OTHER", "channel": "C0ROLLOUT", "text": "<@U0BOT> promote"}
    assert mentioned_ask(event, "U0BOT").person == ""


def test_a_press_in_a_thread_is_answered_in_the_thread() -> None:
    body = {
        "user": {"id": "U0DANA"},
        "container": {"channel_id": "C0ROLLOUT", "thread_ts": "1.1"},
        "channel": {"id": "C0ROLLOUT", "name": "privategroup"},
        "trigger_id": "9",
    }
    assert pressed_ask(body).thread == "1.1"
    assert pressed_ask({"user": {"id": "U0DANA"}, "trigger_id": "9"}).channel == ""


def test_a_form_gives_texts_and_what_was_chosen() -> None:
    view = {
        "state": {
            "values": {
                "reason": {"reason": {"type": "plain_text_input", "value": "it is <slow>"}},
                "gates": {"gates": {"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}},
                "guild": {"guild": {"type": "static_select", "selected_option": {"value": "devops"}}},
                "statement": {"statement": {"type": "plain_text_input", "value": None}},
            }
        }
    }
    assert form_of(view) == {"reason": ("it is <slow>",), "gates": ("a", "b"), "guild": ("devops",), "statement": ()}


def test_a_no_stands_beside_a_field_of_the_form() -> None:
    view = {
        "blocks": [{"type": "section"}, {"type": "input", "block_id": "gates"}, {"type": "input", "block_id": "reason"}]
    }
    assert errors(view, None) == {}
    told = errors(view, Message("Only &lt;them&gt;."))
    assert told == {"response_action": "errors", "errors": {"reason": "Only <them>."}}
    assert errors({"blocks": [{"type": "input", "block_id": "gates"}]}, Message("No."))["errors"] == {"gates": "No."}


def test_no_answer_is_an_empty_acknowledgement() -> None:
    assert shown(None) == {}
    assert shown(Message("Yes.")) == {"text": "Yes."}
