"""Blocks: the few kinds of Block Kit that our messages are made of."""

from collections.abc import Iterable, Sequence
from typing import Final

from bot.views.message import Block
from bot.views.text import plain

_ROOM: Final = 2900


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": plain(text)}}


def marked(text: str) -> Block:
    """A text with our own marks; `verbatim` keeps Slack from finding links and names in what people wrote."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": marked(text)}
    return {**block, "accessory": accessory} if accessory else block


def context(text: str) -> Block:
    return {"type": "context", "elements": [marked(text)]}


def divider() -> Block:
    return {"type": "divider"}


def listing(title: str, lines: Sequence[str]) -> list[Block]:
    """A titled list, over as many sections as it needs; nothing when there are no lines."""
    if not lines:
        return []
    whole = [f"*{title}*", *(f"• {line}" for line in lines)] if title else list(lines)
    return [section(part) for part in parted(whole)]


def parted(lines: Iterable[str]) -> list[str]:
    """The lines in parts that each fit into a section; no line is torn."""
    parts: list[str] = []
    for line in lines:
        if parts and len(parts[-1]) + len(line) < _ROOM:
            parts[-1] = f"{parts[-1]}\n{line}"
        else:
            parts.append(line)
    return parts
