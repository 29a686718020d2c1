"""Posts: what shall be said in Slack, written with the state change and sent from there."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.entries import Entry, Fact


class Place(StrEnum):
    """CARD is the one living message; CHANNEL notifies everybody; THREAD is the card's thread; DIRECT is one person."""

    CARD = "card"
    CHANNEL = "channel"
    THREAD = "thread"
    DIRECT = "direct"


@dataclass(frozen=True)
class Post:
    """One message to be sent once. `key` is unique for ever; a card's key is its rollout's; `to` is set for DIRECT.

    What is said is the entry; the views give it words.
    """

    key: str
    rollout: str
    place: Place
    topic: str = "entry"
    phase: str = ""
    actor: str = ""
    facts: dict[str, Fact] = field(default_factory=dict)
    to: str = ""

    @classmethod
    def card(cls, rollout: str) -> "Post":
        return cls(f"card/{rollout}", rollout, Place.CARD, "card")

    @classmethod
    def of(cls, rollout: str, key: str, entry: Entry, place: Place) -> "Post":
        return cls(key, rollout, place, entry.kind, entry.phase, entry.actor, entry.facts)
