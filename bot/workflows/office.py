"""The office: every workflow and reading port that a door may call, joined once in `bot.app`."""

from dataclasses import dataclass
from typing import Protocol

from bot.ports import Buttons, Clock, Deliveries, Directory, Ledger, PlanShelf, RolloutStore, Subscriptions
from bot.workflows.evidence import Evidence
from bot.workflows.gates import Gates
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.reminders import Reminders
from bot.workflows.rollback import Rollbacks


class HomeTabs(Protocol):
    """The tabs of the people who opened them."""

    async def opened(self, person: str) -> None: ...

    async def acted(self, person: str, notice: str = "") -> None:
        """Draw it anew after something that the person did there."""
        ...

    def turn(self, person: str, part: str, page: int) -> None: ...


@dataclass(frozen=True)
class Office:
    """What the doors share; a door picks the workflow it needs and nothing else."""

    proposals: Proposals
    progress: Progress
    gates: Gates
    rollbacks: Rollbacks
    rollouts: RolloutStore
    ledger: Ledger
    buttons: Buttons
    directory: Directory
    shelf: PlanShelf
    clock: Clock
    # None where nothing outlives the process, so that nothing can come twice from before it.
    deliveries: Deliveries | None = None
    # None where nobody is told directly.
    subscriptions: Subscriptions | None = None
    # None where there are no home tabs.
    homes: HomeTabs | None = None
    # None where no evidence is kept.
    evidence: Evidence | None = None

    @property
    def reminders(self) -> Reminders:
        return Reminders(self.rollouts, self.clock)
