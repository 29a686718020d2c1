"""The office: every workflow and reading port that a door may call, joined once in `bot.app`."""

from dataclasses import dataclass

from bot.ports import Buttons, Clock, Directory, Ledger, PlanShelf, RolloutStore
from bot.workflows.gates import Gates
from bot.workflows.progress import Progress
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks


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
