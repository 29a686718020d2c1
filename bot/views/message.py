"""Messages: what is handed to Slack, a sentence for those who see no blocks, and the blocks."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.ports import Meaning

Block = dict[str, object]
Ids = Mapping[Meaning, str]


@dataclass(frozen=True)
class Message:
    """`text` is a full sentence for notifications and screen readers; `blocks` are what is seen."""

    text: str
    blocks: tuple[Block, ...] = ()
