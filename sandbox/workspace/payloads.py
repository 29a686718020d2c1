"""The payloads that Slack sends to an app: slash commands, clicks, submissions, events."""

import secrets
from dataclasses import dataclass

from sandbox.workspace.state import (
    APP_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    Channel,
    JsonObject,
    Message,
    Person,
    View,
)
from sandbox.workspace.views import view_json

# Slack still sends this old shared word; apps verify the signature or the socket instead.
OLD_TOKEN = "sandbox-verification-token"  # noqa: S105 - deprecated and public


@dataclass(frozen=True)
class Reply:
    """How the app may answer: a trigger for a modal, an address for a message."""

    trigger_id: str
    response_url: str = ""


def slash_command(person: Person, channel: Channel, command: str, text: str, reply: Reply) -> JsonObject:
    special = "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name
    return {
        "token": OLD_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": special,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": reply.response_url,
        "trigger_id": reply.trigger_id,
    }


def message_click(
    person: Person,
    channel: Channel,
    message: Message,
    shown: JsonObject,
    action: JsonObject,
    values: JsonObject,
    reply: Reply,
) -> JsonObject:
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return interaction("block_actions", person, reply.trigger_id) | {
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        # Slack leaves the message out when only one person sees it.
        **({} if message.only_for else {"message": shown}),
        "state": {"values": values},
        "response_url": reply.response_url,
        "actions": [action],
    }


def view_click(person: Person, view: View, action: JsonObject, values: JsonObject, reply: Reply) -> JsonObject:
    return interaction("block_actions", person, reply.trigger_id) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, values),
        "actions": [action],
    }


def view_submission(person: Person, view: View, values: JsonObject, trigger_id: str) -> JsonObject:
    more = {"view": view_json(view, values), "response_urls": []}
    return interaction("view_submission", person, trigger_id) | more


def view_closed(person: Person, view: View, *, cleared: bool) -> JsonObject:
    payload = interaction("view_closed", person, "")
    del payload["trigger_id"]
    return payload | {"view": view_json(view), "is_cleared": cleared}


def interaction(kind: str, person: Person, trigger_id: str) -> JsonObject:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": OLD_TOKEN,
        "trigger_id": trigger_id,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def event_callback(event: JsonObject, seconds: int) -> JsonObject:
    return {
        "token": OLD_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev" + secrets.token_hex(5).upper(),
        "event_time": seconds,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }
