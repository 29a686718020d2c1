"""files.*: the three steps of an upload, and what became of it."""

from sandbox.workspace.errors import ApiError
from sandbox.workspace.methods.calls import Call, Method
from sandbox.workspace.methods.chat import thread_of
from sandbox.workspace.rates import Tier
from sandbox.workspace.shown import file_json
from sandbox.workspace.state import BOT_USER, JsonObject, StoredFile

LARGEST = 50_000_000


def upload_url(call: Call) -> JsonObject:
    name, length = call.args.text("filename"), call.args.number("length", 0, LARGEST)
    alt = call.args.maybe("alt_txt") or ""
    if not length or "/" in name or len(alt) > 1000:
        raise ApiError("invalid_arguments", ["[ERROR] filename, length (above zero) or alt_txt is wrong"])
    number = f"F0{len(call.memory.files) + 1:08d}"
    call.memory.files[number] = StoredFile(number, name, length, alt_text=alt, created=call.memory.seconds())
    return {"upload_url": f"{call.local.base_url}/upload/{number}", "file_id": number}


def complete(call: Call) -> JsonObject:
    stored = [uploaded(call, row) for row in wanted(call)]
    channels = ([call.args.text("channel_id")] if "channel_id" in call.args else []) or call.args.names("channels")
    for name in channels:
        share(call, name, [one for one, _ in stored])
    for one, title in stored:
        one.title = title or one.name
    call.local.changes.bump()
    return {"files": [file_json(one, call.local.base_url) for one, _ in stored]}


def wanted(call: Call) -> list[JsonObject]:
    rows = call.args.json_value("files", "invalid_arguments")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: files"])
    return rows


def uploaded(call: Call, row: JsonObject) -> tuple[StoredFile, str]:
    stored = call.memory.files.get(str(row.get("id")))
    if stored is None or stored.content is None or stored.is_complete:
        raise ApiError("file_not_found")
    return stored, str(row.get("title") or "")


def share(call: Call, name: str, files: list[StoredFile]) -> None:
    channel = call.memory.channels.get(name)
    if channel is None:
        raise ApiError("channel_not_found")
    if channel.is_archived:
        raise ApiError("is_archived")
    if not call.memory.is_member(channel):
        raise ApiError("not_in_channel")
    message = call.memory.post(
        channel,
        BOT_USER,
        call.args.maybe("initial_comment") or "",
        thread_ts=thread_of(call, channel),
        files=[stored.id for stored in files],
    )
    for stored in files:
        stored.shares.setdefault(channel.id, []).append(message.ts)
    call.local.tell_message(channel, message, subtype="file_share")


def info(call: Call) -> JsonObject:
    stored = call.memory.files.get(call.args.text("file"))
    if stored is None or not stored.is_complete:
        raise ApiError("file_not_found")
    return {"file": file_json(stored, call.local.base_url)}


METHODS = {
    "files.getUploadURLExternal": Method(upload_url, "files:write", Tier.T4, takes_json=False),
    "files.completeUploadExternal": Method(complete, "files:write", Tier.T4),
    "files.info": Method(info, "files:read", Tier.T4, takes_json=False),
}
