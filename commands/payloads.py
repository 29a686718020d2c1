"""Payloads: what Slack delivers becomes an ask or a form, and an answer becomes what Slack takes."""

from collections.abc import Mapping
from typing import Any, Final

from bot.views.limits import cut
from bot.views.message import Message
from commands.desk import Ask
from commands.typed import after_mention, plain, words

Body = Mapping[str, Any]
_LONGEST_ERROR: Final = 300
# The field beside which a no is read best; forms have one of them.
_NEAR: Final = ("reason", "statement")


def typed_ask(body: Body) -> Ask:
    return Ask(
        person=str(body["user_id"]),
        channel=str(body["channel_id"]),
        words=words(str(body.get("text") or "")),
        trigger=str(body.get("trigger_id") or ""),
        room=str(body.get("channel_name") or ""),
    )


def mentioned_ask(event: Body, bot: str) -> Ask:
    """What was said to the bot; in a thread it is answered there. A mention brings no trigger, so no forms."""
    return Ask(
        person="" if event.get("bot_id") else str(event.get("user") or ""),
        channel=str(event["channel"]),
        words=words(after_mention(str(event.get("text") or ""), bot)),
        thread=str(event.get("thread_ts") or ""),
    )


def pressed_ask(body: Body) -> Ask:
    """Who pressed or sent, and where; a form has no place of its own."""
    container, channel = body.get("container") or {}, body.get("channel") or {}
    return Ask(
        person=str(body["user"]["id"]),
        channel=str(channel.get("id") or container.get("channel_id") or ""),
        trigger=str(body.get("trigger_id") or ""),
        thread=str(container.get("thread_ts") or ""),
        room=str(channel.get("name") or ""),
        home=(body.get("view") or {}).get("type") == "home",
    )


def opened_ask(event: Body) -> Ask:
    """Who opened which tab of the app: the home tab, or nobody."""
    home = event.get("tab") == "home"
    return Ask(person=str(event.get("user") or "") if home else "", channel="", home=True)


def form_of(view: Body) -> Mapping[str, tuple[str, ...]]:
    """What was filled in, by block: texts, and the values of what was chosen."""
    values = (view.get("state") or {}).get("values") or {}
    return {block: _filled(next(iter(fields.values()), {})) for block, fields in values.items()}


def _filled(field: Body) -> tuple[str, ...]:
    chosen = field.get("selected_options") or [each for each in [field.get("selected_option")] if each]
    texts = [field.get("value")] if field.get("value") else [each.get("value") for each in chosen]
    return tuple(str(text) for text in texts if text)


def shown(answer: Message | None) -> dict[str, Any]:
    """A message as an acknowledgement or a response carries it; nothing at all when there is none."""
    if answer is None:
        return {}
    return {"text": answer.text, **({"blocks": list(answer.blocks)} if answer.blocks else {})}


def errors(view: Body, answer: Message | None) -> dict[str, Any]:
    """Why a form was not taken, beside one of its fields; nothing when it was, and the form closes."""
    if answer is None:
        return {}
    fields = [str(block["block_id"]) for block in view.get("blocks") or () if block.get("type") == "input"]
    near = next((name for name in _NEAR if name in fields), fields[0] if fields else "")
    return {"response_action": "errors", "errors": {near: cut(plain(answer.text), _LONGEST_ERROR)}}
