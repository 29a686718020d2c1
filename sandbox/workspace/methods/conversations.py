"""conversations.*: what channels there are, who is in them, what was said."""

from collections.abc import Iterable

from sandbox.workspace.errors import ApiError
from sandbox.workspace.methods.calls import Call, Method, paged
from sandbox.workspace.rates import Tier
from sandbox.workspace.shown import channel_json, message_json
from sandbox.workspace.state import BOT_USER, Channel, JsonObject, Message, Ts

TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def info(call: Call) -> JsonObject:
    channel = call.channel()
    call.need_scope(f"{channel.kind}:read")
    return {"channel": channel_json(call.memory, channel)}


def listed(call: Call) -> JsonObject:
    return list_channels(call)


def of_user(call: Call) -> JsonObject:
    """The channels of the app itself, or those of a person that it can see."""
    return list_channels(call, call.person().id if call.args.maybe("user") else BOT_USER)


def list_channels(call: Call, member: str | None = None) -> JsonObject:
    types = call.args.names("types") or ["public_channel"]
    if any(name not in TYPES for name in types):
        raise ApiError("invalid_types")
    for name in types:
        call.need_scope(f"{TYPES[name]}:read")
    kinds = {TYPES[name] for name in types}
    shown = [
        channel_json(call.memory, channel)
        for channel in call.memory.channels.values()
        if channel.kind in kinds
        and not (channel.is_archived and call.args.flag("exclude_archived"))
        and (call.memory.is_member(channel) or channel.kind == "channels")
        and (member is None or member in channel.members)
    ]
    page, more = paged(shown, call)
    return {"channels": page, "response_metadata": more}


def members(call: Call) -> JsonObject:
    channel = call.channel()
    call.need_scope(f"{channel.kind}:read")
    page, more = paged([{"id": name} for name in sorted(channel.members)], call)
    return {"members": [row["id"] for row in page], "response_metadata": more}


def history(call: Call) -> JsonObject:
    """Return top-level messages, newest first."""
    channel = readable(call)
    return told(call, reversed(list(within(call, channel.top_level()))))


def replies(call: Call) -> JsonObject:
    """Return the parent and its replies, oldest first."""
    channel = readable(call)
    parent = channel.messages.get(Ts(call.args.text("ts")))
    if parent is None or parent.is_reply:
        raise ApiError("thread_not_found")
    return told(call, [parent, *within(call, channel.replies(parent.ts))])


def readable(call: Call) -> Channel:
    channel = call.channel()
    call.need_scope(f"{channel.kind}:history")
    if call.args.flag("include_all_metadata"):
        call.need_scope("metadata.message:read")
    if not call.memory.is_member(channel):
        raise ApiError("not_in_channel")
    return channel


def within(call: Call, messages: Iterable[Message]) -> Iterable[Message]:
    oldest, latest = moment(call, "oldest", 0.0), moment(call, "latest", float("inf"))
    inclusive = call.args.flag("inclusive")
    for message in messages:
        at = float(message.ts)
        if oldest < at < latest or (inclusive and at in {oldest, latest}):
            yield message


def moment(call: Call, name: str, default: float) -> float:
    value = call.args.maybe(name)
    try:
        return float(value) if value else default
    except ValueError as flaw:
        raise ApiError(f"invalid_ts_{name}") from flaw


def told(call: Call, messages: Iterable[Message]) -> JsonObject:
    metadata = call.args.flag("include_all_metadata")
    base = call.local.base_url
    shown = [message_json(call.memory, message, base, metadata=metadata) for message in messages]
    page, more = paged(shown, call, most=999)
    following = {"response_metadata": more} if more["next_cursor"] else {}
    return {"messages": page, "has_more": bool(following), **following}


def opened(call: Call) -> JsonObject:
    names = call.args.names("users")
    if not names and "channel" in call.args:
        return {"channel": {"id": call.channel().id}}
    if len(names) != 1:
        raise ApiError("users_list_not_supplied" if not names else "method_not_supported_for_channel_type")
    person = call.memory.people.get(names[0])
    if person is None:
        raise ApiError("user_not_found")
    if person.id == BOT_USER:
        raise ApiError("cannot_dm_bot")
    return {"channel": {"id": call.memory.im_with(person).id}}


def join(call: Call) -> JsonObject:
    channel = call.channel()
    if channel.kind != "channels":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    channel.members.add(BOT_USER)
    call.local.changes.bump()
    return {"channel": channel_json(call.memory, channel)}


METHODS = {
    "conversations.info": Method(info, None, Tier.T3, takes_json=False),
    "conversations.list": Method(listed, None, Tier.T2, takes_json=False),
    "conversations.members": Method(members, None, Tier.T4, takes_json=False),
    "conversations.history": Method(history, None, Tier.T3, takes_json=False),
    "conversations.replies": Method(replies, None, Tier.T3, takes_json=False),
    "conversations.open": Method(opened, "im:write", Tier.T3),
    "conversations.join": Method(join, "channels:join", Tier.T3),
    "users.conversations": Method(of_user, None, Tier.T3, takes_json=False),
}
