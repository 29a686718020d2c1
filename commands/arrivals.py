"""Arrivals: what Slack delivers, whichever line it takes, read once: its kind, its sender and its keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote_plus

from slack_sdk.socket_mode.request import SocketModeRequest

from bot.ports import Delivery

Body = Mapping[str, Any]
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
_MOST_FIELDS: Final = 64


class Malformed(Exception):  # noqa: N818 - what it is
    """The delivery is signed and still nothing that Slack would send; the text says what is wrong with it."""


class Kind(StrEnum):
    """What was delivered; OTHER is acknowledged and does nothing."""

    COMMAND = "command"
    CLICK = "click"
    FORM = "form"
    EVENT = "event"
    OTHER = "other"
    CHALLENGE = "challenge"


@dataclass
class Arrived(Delivery):
    """A delivery; `suspect` when it may have been served by an earlier process, so that memory cannot tell."""

    suspect: bool = False


@dataclass(frozen=True)
class Arrival:
    """One delivery in a shape that the listeners can rely on."""

    kind: Kind
    body: Body
    person: str
    team: str
    app: str
    keys: tuple[str, ...]


def posted(content_type: str, raw: bytes) -> Arrival:
    """A signed body as HTTP brings it; raises Malformed."""
    try:
        text = raw.decode("utf-8")
        body = _parsed(text) if content_type == JSON else _form(text)
        return arrival(body, f"body:{sha256(raw).hexdigest()}")
    except (ValueError, RecursionError) as wrong:
        raise Malformed(f"no readable body: {type(wrong).__name__}") from wrong


def enveloped(request: SocketModeRequest) -> Arrival:
    """An envelope as a socket brings it; raises Malformed."""
    body = request.payload
    if not isinstance(body, Mapping):
        raise Malformed("an envelope without a payload")
    return arrival(body, f"envelope:{request.envelope_id}")


def arrival(body: Body, key: str) -> Arrival:
    kind = _kind(body)
    _READ[kind](body)
    person, team = _person(kind, body), _team(kind, body)
    named = [(name, body.get(name)) for name in ("trigger_id", "event_id")]
    keys = (key, *(f"{name.removesuffix('_id')}:{value}" for name, value in named if isinstance(value, str) and value))
    return Arrival(kind, body, person, team, str(body.get("api_app_id") or ""), keys)


def _parsed(text: str) -> Body:
    body = json.loads(text)
    if not isinstance(body, dict):
        raise Malformed("the body is no object")
    return body


def _form(text: str) -> Body:
    pairs = text.split("&") if text else []
    if len(pairs) > _MOST_FIELDS:
        raise Malformed("too many fields")
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Malformed("a field without a value")
        fields[_unquoted(name)] = _unquoted(value)
    if len(fields) != len(pairs):
        raise Malformed("a field came twice")
    return _parsed(fields["payload"]) if "payload" in fields else fields


def _unquoted(text: str) -> str:
    # Most fields of a command are plain; asking the library for each of them takes longer than everything else here.
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def _kind(body: Body) -> Kind:
    if "command" in body:
        return Kind.COMMAND
    named = {
        "block_actions": Kind.CLICK,
        "view_submission": Kind.FORM,
        "event_callback": Kind.EVENT,
        "url_verification": Kind.CHALLENGE,
    }
    kind = body.get("type")
    return named.get(kind, Kind.OTHER) if isinstance(kind, str) else Kind.OTHER


def _text(body: Body, *names: str) -> None:
    for name in names:
        if not isinstance(body.get(name), str) or not body[name]:
            raise Malformed(f"{name} is missing")


def _texts_or_nothing(body: Body, *names: str) -> None:
    for name in names:
        if not isinstance(body.get(name, ""), str | None):
            raise Malformed(f"{name} is no text")


def _part(body: Body, name: str, *, may_be_missing: bool = False) -> Body:
    part = body.get(name)
    if part is None and may_be_missing:
        return {}
    if not isinstance(part, Mapping):
        raise Malformed(f"{name} is missing")
    return part


def _read_command(body: Body) -> None:
    _text(body, "command", "user_id", "channel_id")
    _texts_or_nothing(body, "text", "trigger_id", "channel_name", "response_url")


def _read_click(body: Body) -> None:
    _read_press(body)
    actions = body.get("actions")
    if not isinstance(actions, list) or not actions or not all(isinstance(each, Mapping) for each in actions):
        raise Malformed("actions are missing")
    for action in actions:
        _text(action, "action_id")


def _read_press(body: Body) -> None:
    _text(_part(body, "user"), "id")
    _texts_or_nothing(body, "trigger_id", "response_url")
    _texts_or_nothing(_part(body, "channel", may_be_missing=True), "id", "name")
    _texts_or_nothing(_part(body, "container", may_be_missing=True), "channel_id", "thread_ts")


def _read_form(body: Body) -> None:
    _read_press(body)
    view = _part(body, "view")
    _text(view, "type", "callback_id")
    _texts_or_nothing(view, "private_metadata")
    values = _part(_part(view, "state", may_be_missing=True), "values", may_be_missing=True)
    for fields in values.values():
        if not isinstance(fields, Mapping) or not all(map(_is_field, fields.values())):
            raise Malformed("a field is no field")
    blocks = view.get("blocks") or []
    if not isinstance(blocks, list) or not all(isinstance(each, Mapping) for each in blocks):
        raise Malformed("blocks are no list")
    for block in blocks:
        if block.get("type") == "input":
            _text(block, "block_id")


def _is_field(field: object) -> bool:
    if not isinstance(field, Mapping):
        return False
    chosen = [*(field.get("selected_options") or ()), field.get("selected_option") or {}]
    return all(isinstance(each, Mapping) for each in chosen)


def _read_event(body: Body) -> None:
    event = _part(body, "event")
    _text(event, "type")
    _texts_or_nothing(event, "user", "bot_id", "text", "thread_ts")
    if event["type"] == "app_mention":
        _text(event, "channel")


def _read_challenge(body: Body) -> None:
    _text(body, "challenge")


def _read_nothing(_: Body) -> None:
    """It is acknowledged whatever it holds."""


_READ: Final = {
    Kind.COMMAND: _read_command,
    Kind.CLICK: _read_click,
    Kind.FORM: _read_form,
    Kind.EVENT: _read_event,
    Kind.CHALLENGE: _read_challenge,
    Kind.OTHER: _read_nothing,
}


def _person(kind: Kind, body: Body) -> str:
    if kind is Kind.COMMAND:
        return str(body["user_id"])
    return (
        str((body.get("event" if kind is Kind.EVENT else "user") or {}).get(_USER[kind]) or "") if kind in _USER else ""
    )


_USER: Final = {Kind.CLICK: "id", Kind.FORM: "id", Kind.EVENT: "user"}


def _team(kind: Kind, body: Body) -> str:
    """The workspace that the app was reached in; in a shared channel people bring their own along beside it."""
    team = body.get("team") if kind in {Kind.CLICK, Kind.FORM} else None
    found = team.get("id") if isinstance(team, Mapping) else body.get("team_id")
    return found if isinstance(found, str) else ""
