"""The backlog: how much waits in the store, as numbers for whoever watches the bot."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Backlog:
    """What waits in the store. `oldest` is the place of the first message that waits.

    `due` are the timers whose moment has come, `heads` the newest sequence of each stream that was asked for.
    """

    waiting: int = 0
    refused: int = 0
    oldest: int | None = None
    timers: int = 0
    due: int = 0
    heads: Mapping[str, int] = field(default_factory=dict)
