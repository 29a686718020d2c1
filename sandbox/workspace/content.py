"""What a message says: text, blocks, attachments and metadata, checked as Slack checks them."""

import json
from dataclasses import dataclass

from sandbox.workspace.arguments import Arguments
from sandbox.workspace.blockkit.blocks import check_message_blocks
from sandbox.workspace.errors import ApiError
from sandbox.workspace.memory import fill_ids
from sandbox.workspace.state import JsonObject

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000
LONGEST_BLOCKS = 13_200
LARGEST_METADATA = 16_000


@dataclass(frozen=True)
class Content:
    """None means that the argument was left out, which an update reads as: keep what is there."""

    text: str | None
    blocks: list[JsonObject] | None
    attachments: list[JsonObject] | None
    metadata: JsonObject | None


def read_content(args: Arguments, longest: int = LONGEST_TEXT) -> Content:
    """Return the content or raise Slack's complaint about it."""
    text = args.maybe("text")
    if text is not None and len(text) > longest:
        raise ApiError("msg_too_long")
    blocks, attachments = read_blocks(args), read_attachments(args)
    if not text and not blocks and not attachments:
        raise ApiError("no_text")
    return Content(text, blocks, attachments, read_metadata(args))


def read_blocks(args: Arguments) -> list[JsonObject] | None:
    value = args.json_value("blocks", "invalid_blocks_format")
    if value is None:
        return None
    if not isinstance(value, list):
        raise ApiError("invalid_blocks_format")
    wrong = check_message_blocks(value)
    if wrong:
        raise ApiError("invalid_blocks", wrong)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) > LONGEST_BLOCKS:
        raise ApiError("msg_blocks_too_long")
    return fill_ids(value)


def read_attachments(args: Arguments) -> list[JsonObject] | None:
    value = args.json_value("attachments", "invalid_attachments")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ApiError("invalid_attachments")
    if len(value) > 100:
        raise ApiError("too_many_attachments")
    for item in value:
        wrong = check_message_blocks(item.get("blocks", []))
        if wrong:
            raise ApiError("invalid_attachments", wrong)
    return [item | {"blocks": fill_ids(item["blocks"])} if "blocks" in item else item for item in value]


def read_metadata(args: Arguments) -> JsonObject | None:
    value = args.json_value("metadata", "invalid_metadata_format")
    if value is None or value == {}:
        return None if value is None else {}
    if not isinstance(value, dict) or set(value) - {"event_type", "event_payload", "entities"}:
        raise ApiError("invalid_metadata_format")
    named, payload = value.get("event_type"), value.get("event_payload")
    if not isinstance(named, str) or not named or not isinstance(payload, dict):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(value)) > LARGEST_METADATA:
        raise ApiError("metadata_too_large")
    return value
