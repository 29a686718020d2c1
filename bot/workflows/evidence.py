"""Evidence: what a door asks for, and what it is told of a rollout that was sealed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.domain.refusals import Refusal


@dataclass(frozen=True)
class Sealed:
    """One bundle that lies on the host; `trouble` says what did not come about beside that."""

    rollout: str
    at: datetime
    head: str
    sha256: str
    size: int
    path: str
    withheld: tuple[str, ...] = ()
    trouble: str = ""
    # The rollout's thread in Slack, where it has one.
    channel: str = ""
    thread: str = ""

    @property
    def words(self) -> str:
        """What is said of it wherever the file goes: with these a sceptic holds it against itself."""
        hidden = f" Withheld, since it holds a secret: {', '.join(self.withheld)}." if self.withheld else ""
        return (
            f"Evidence of {self.rollout}, {self.size:,} bytes, kept on the host as {self.path}.{hidden}\n"
            f"Head of its ledger: `{self.head}`\nSHA-256 of the file: `{self.sha256}`\n"
            f"Check it offline: `rollout verify {self.rollout}.zip --head {self.head}`"
        )

    def but(self, trouble: str) -> "Sealed":
        return replace(self, trouble=f"{self.trouble} {trouble}".strip())


class Evidence(Protocol):
    """Seals rollouts; may take long, so no listener waits for it."""

    async def seal(self, rollout: str, by: str, *, again: bool = True) -> Sealed | Refusal:
        """Seal it, closed or not; without `again` nothing is kept twice that has not changed since."""
        ...
