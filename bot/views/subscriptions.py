"""Subscriptions: the form and the answers of `subscribe`, and what stands under every direct message."""

from collections.abc import Iterable
from typing import Final

from bot.domain.plan import Plan
from bot.domain.posts import Post
from bot.domain.subscriptions import WORDS, Kind
from bot.views.blocks import context, listing, section
from bot.views.limits import fit
from bot.views.message import Block, Message
from bot.views.text import capital, code, escape

FIELD: Final = "kinds"
_KINDS: Final = {kind.value: kind for kind in Kind}


def subscription_form(button: str, chosen: Iterable[str]) -> Block:
    """A box for each kind, those that stand ticked; none at all ends every direct message."""
    options = [_option(kind) for kind in Kind]
    ticked = [_option(kind) for kind in Kind if kind.value in set(chosen)]
    boxes: Block = {"type": "checkboxes", "action_id": FIELD, "options": options}
    return {
        "type": "modal",
        "callback_id": "rollout:subscribe",
        "private_metadata": button,
        "title": _plain("Direct messages"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": [
            section("The bot writes to you directly when one of these happens in a channel that you are in."),
            {
                "type": "input",
                "block_id": FIELD,
                "optional": True,
                "label": _plain("Tell me when"),
                "element": {**boxes, "initial_options": ticked} if ticked else boxes,
            },
        ],
    }


def _option(kind: Kind) -> Block:
    return {"text": _plain(capital(WORDS[kind])), "value": kind.value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def subscribed(kinds: Iterable[str]) -> Message:
    """What this person is told of from now on, and how to change it."""
    lines = [f"{code(kind)} — {WORDS[_KINDS[kind]]}" for kind in sorted(kinds) if kind in _KINDS]
    text = "You are told directly when:" if lines else "You are told of nothing directly."
    more = "Type `/rollout subscribe KIND…` for others, or `/rollout subscribe none` for none."
    return fit(Message(f"{text} {'; '.join(lines)} {more}", (section(text), *listing("", lines), context(more))))


def directly(message: Message, post: Post, plan: Plan) -> Message:
    """The same message for one person, with the reason why it comes."""
    because = code(str(post.facts.get("because") or "subscribe"))
    ended = f"you subscribed to {because}, which `/rollout subscribe none` ends"
    foot = f"{escape(plan.channel)}, as it stood when this came · {ended}"
    return fit(Message(message.text, (*message.blocks, context(foot))))
