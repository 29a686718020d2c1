"""People: who acts, for which guilds they may speak, and what kind of member they are."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Only full members of this workspace ever count; the operator acts on the host, by name."""

    FULL = "full"
    GUEST = "guest"
    BOT = "bot"
    FOREIGN = "foreign"
    OPERATOR = "operator"
    CLOCKWORK = "clockwork"


@dataclass(frozen=True)
class Person:
    """One acting person, as the directory knew them at the moment of the act."""

    id: str
    name: str
    guilds: frozenset[str] = frozenset()
    kind: Kind = Kind.FULL

    @property
    def counts(self) -> bool:
        """Whether this person's word can count at all."""
        return self.kind is Kind.FULL

    def speaks_for(self, guild: str) -> bool:
        return self.counts and guild in self.guilds


CLOCKWORK = Person("clockwork", "the bot itself", kind=Kind.CLOCKWORK)
