"""chat.*: posting, editing, deleting, ephemeral messages, permalinks."""

from sandbox.workspace.content import LONGEST_UPDATE, Content, read_content
from sandbox.workspace.errors import ApiError
from sandbox.workspace.methods.calls import Call, Method
from sandbox.workspace.rates import Tier
from sandbox.workspace.shown import message_json
from sandbox.workspace.state import BOT_USER, Channel, JsonObject, Message


def post_message(call: Call) -> JsonObject:
    channel = call.target()
    content = read_content(call.args)
    thread = thread_of(call, channel)
    message = call.memory.post(
        channel,
        BOT_USER,
        content.text or "",
        content.blocks or (),
        attachments=content.attachments or (),
        metadata=content.metadata or None,
        thread_ts=thread,
        broadcast=call.args.flag("reply_broadcast") and thread is not None,
    )
    call.local.tell_message(channel, message)
    shown = message_json(call.memory, message, call.local.base_url, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def thread_of(call: Call, channel: Channel) -> str | None:
    """Return the parent's ts, which must be a standing top-level message."""
    ts = call.args.maybe("thread_ts")
    if not ts:
        return None
    parent = call.memory.message(channel, ts)
    if parent is None:
        raise ApiError("thread_not_found")
    if parent.is_reply:
        raise ApiError("cannot_reply_to_message")
    return ts


def update(call: Call) -> JsonObject:
    channel = call.changeable(archived="is_inactive")
    message = call.message(channel)
    if message.user != BOT_USER:
        raise ApiError("cant_update_message")
    rewrite(call, message, read_content(call.args, LONGEST_UPDATE))
    call.local.tell_changed(channel, message, "message_changed")
    shown = message_json(call.memory, message, call.local.base_url, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def rewrite(call: Call, message: Message, content: Content) -> None:
    """What was left out stays; what came empty goes."""
    message.text = message.text if content.text is None else content.text
    message.blocks = message.blocks if content.blocks is None else content.blocks
    message.attachments = message.attachments if content.attachments is None else content.attachments
    message.metadata = message.metadata if content.metadata is None else (content.metadata or None)
    message.edited = call.memory.next_ts()
    call.local.changes.bump()


def delete(call: Call) -> JsonObject:
    channel = call.changeable()
    message = call.message(channel)
    if message.user != BOT_USER:
        raise ApiError("cant_delete_message")
    call.local.tell_changed(channel, message, "message_deleted")
    call.memory.delete(channel, message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> JsonObject:
    channel = call.target()
    person = call.memory.people.get(call.args.text("user"))
    if person is None or person.id not in channel.members:
        raise ApiError("user_not_in_channel")
    content = read_content(call.args)
    message = call.memory.post(
        channel,
        BOT_USER,
        content.text or "",
        content.blocks or (),
        attachments=content.attachments or (),
        thread_ts=thread_of(call, channel),
        only_for=person.id,
    )
    return {"message_ts": message.ts}


def permalink(call: Call) -> JsonObject:
    channel = call.channel()
    message = call.message(channel, "message_ts")
    address = f"{call.local.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else ""
    return {"channel": channel.id, "permalink": address + thread}


METHODS = {
    "chat.postMessage": Method(post_message, "chat:write", Tier.POSTING),
    "chat.update": Method(update, "chat:write", Tier.T3),
    "chat.delete": Method(delete, "chat:write", Tier.T3),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write", Tier.T4),
    "chat.getPermalink": Method(permalink, None, Tier.UNLIMITED, takes_json=False),
}
