"""How Slack writes its things as JSON: messages, channels, users, groups, files."""

from sandbox.workspace.memory import Memory
from sandbox.workspace.state import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER,
    TEAM_ID,
    Channel,
    JsonObject,
    Message,
    Person,
    StoredFile,
    UserGroup,
)


def message_json(memory: Memory, message: Message, base_url: str, *, metadata: bool = False) -> JsonObject:
    shown: JsonObject = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    if message.deleted:
        shown |= {"subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
    elif message.user == BOT_USER:
        shown |= {"bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM_ID, "bot_profile": bot_json()}
    else:
        shown["team"] = TEAM_ID
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.attachments:
        shown["attachments"] = message.attachments
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.edited}
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    if message.files:
        shown["files"] = [file_json(memory.files[name], base_url) for name in message.files]
    if message.reactions:
        shown["reactions"] = [
            {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
        ]
    return shown | thread_json(memory.channels[message.channel], message)


def thread_json(channel: Channel, message: Message) -> JsonObject:
    if message.is_reply:
        broadcast = {"subtype": "thread_broadcast"} if message.broadcast else {}
        return {"thread_ts": message.thread_ts, "parent_user_id": parent_user(channel, message)} | broadcast
    shown: JsonObject = {"pinned_to": [channel.id]} if message.ts in channel.pins else {}
    replies = channel.replies(message.ts)
    if replies:
        writers = sorted({reply.user for reply in replies})
        shown |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": writers,
            "reply_users_count": len(writers),
            "latest_reply": replies[-1].ts,
        }
    return shown


def parent_user(channel: Channel, message: Message) -> str | None:
    parent = channel.messages.get(message.thread_ts) if message.thread_ts else None
    return parent.user if parent else None


def bot_json() -> JsonObject:
    return {"id": BOT_ID, "app_id": APP_ID, "name": BOT_NAME, "team_id": TEAM_ID, "deleted": False}


def channel_json(memory: Memory, channel: Channel) -> JsonObject:
    shown: JsonObject = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_private": channel.is_private,
        "is_org_shared": False,
        "context_team_id": TEAM_ID,
    }
    if channel.is_im:
        return shown | {"user": next(name for name in channel.members if name != BOT_USER), "is_open": True}
    return shown | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_general": channel.name == "general",
        "is_shared": False,
        "is_ext_shared": False,
        "is_member": memory.is_member(channel),
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def user_json(person: Person) -> JsonObject:
    return {
        "id": person.id,
        "team_id": TEAM_ID,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "profile": {
            "real_name": person.real_name,
            "display_name": person.name,
            "team": TEAM_ID,
        }
        | ({"bot_id": BOT_ID, "api_app_id": APP_ID} if person.is_bot else {}),
        "is_admin": False,
        "is_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": person.is_guest,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def group_json(group: UserGroup, *, users: bool) -> JsonObject:
    shown: JsonObject = {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_delete": 0,
        "user_count": len(group.members),
    }
    return shown | ({"users": list(group.members)} if users else {})


def file_json(stored: StoredFile, base_url: str) -> JsonObject:
    address = f"{base_url}/files/{stored.id}/{stored.name}"
    return {
        "id": stored.id,
        "created": stored.created,
        "name": stored.name,
        "title": stored.title or stored.name,
        "alt_txt": stored.alt_text,
        "size": stored.length,
        "user": BOT_USER,
        "mode": "hosted",
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        "shares": {"public": {channel: [{"ts": ts} for ts in moments] for channel, moments in stored.shares.items()}},
    }
