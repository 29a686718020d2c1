"""The shelf: the plans on disk, as the workflows ask for them."""

from dataclasses import dataclass

from bot.domain.plan import Plan, ResolvedPhase
from bot.plans.library import PlanLibrary
from bot.plans.resolve import Unresolved
from bot.ports import Unresolvable


@dataclass(frozen=True)
class DiskShelf:
    """Plays PlanShelf with a library; what is missing is told in sentences."""

    library: PlanLibrary

    def plans(self) -> tuple[Plan, ...]:
        return self.library.plans()

    def resolve(self, plan: Plan, phase: str) -> tuple[ResolvedPhase, str]:
        """The phase as the disk has it now, whatever plan object asks."""
        on_disk = self.library.plan(plan.name)
        broken = [str(fault) for fault in self.library.faults()] if on_disk is None else []
        if broken:
            raise Unresolvable("\n".join(broken[:3]))
        if on_disk is not None and on_disk.phase(phase) is None:
            raise KeyError(phase)
        try:
            return self.library.resolve(plan.name, phase)
        except Unresolved as why:
            raise Unresolvable(str(why)) from None
