"""pins.* and reactions.*: marks on messages."""

import re

from sandbox.workspace.errors import ApiError
from sandbox.workspace.methods.calls import Call, Method
from sandbox.workspace.rates import Tier
from sandbox.workspace.shown import message_json
from sandbox.workspace.state import BOT_USER, JsonObject

EMOJI = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


def pin(call: Call) -> JsonObject:
    channel = call.changeable()
    message = call.message(channel, "timestamp")
    if message.ts in channel.pins:
        raise ApiError("already_pinned")
    channel.pins[message.ts] = call.memory.seconds()
    call.local.changes.bump()
    return {}


def unpin(call: Call) -> JsonObject:
    channel = call.changeable()
    message = call.message(channel, "timestamp")
    if channel.pins.pop(message.ts, None) is None:
        raise ApiError("no_pin")
    call.local.changes.bump()
    return {}


def pins(call: Call) -> JsonObject:
    channel = call.joined()
    return {
        "items": [
            {
                "type": "message",
                "channel": channel.id,
                "created": created,
                "created_by": BOT_USER,
                "message": message_json(call.memory, channel.messages[ts], call.local.base_url),
            }
            for ts, created in channel.pins.items()
        ]
    }


def react(call: Call) -> JsonObject:
    channel = call.changeable()
    message = call.message(channel, "timestamp")
    name = call.args.text("name").strip(":")
    if not EMOJI.fullmatch(name):
        raise ApiError("invalid_name")
    users = message.reactions.setdefault(name, [])
    if BOT_USER in users:
        raise ApiError("already_reacted")
    users.append(BOT_USER)
    call.local.changes.bump()
    return {}


METHODS = {
    "pins.add": Method(pin, "pins:write", Tier.T2),
    "pins.remove": Method(unpin, "pins:write", Tier.T2),
    "pins.list": Method(pins, "pins:read", Tier.T2, takes_json=False),
    "reactions.add": Method(react, "reactions:write", Tier.T3),
}
