"""The shelf's twin: plans that are given, resolved without a disk and without an environment."""

from collections.abc import Iterable, Mapping

from bot.domain.plan import Plan, ResolvedPhase
from bot.ports import Unresolvable
from bot.rehearsal.digests import Digest, stand_in


class RehearsalShelf:
    """Resolves with the files and targets that it is given; a phase named in `broken` cannot be resolved."""

    def __init__(
        self,
        plans: Iterable[Plan],
        files: Mapping[str, str] | None = None,
        targets: Mapping[str, str] | None = None,
        digest: Digest = stand_in,
    ) -> None:
        self._plans = tuple(plans)
        self._digest = digest
        self.files = dict(files or {})
        self.targets = dict(targets or {})
        self.broken: dict[str, str] = {}

    def plans(self) -> tuple[Plan, ...]:
        return self._plans

    def resolve(self, plan: Plan, phase: str) -> tuple[ResolvedPhase, str]:
        found = plan.phase(phase)
        if found is None or plan not in self._plans:
            raise KeyError(phase)
        if phase in self.broken:
            raise Unresolvable(self.broken[phase])
        rungs = {name: plan.rungs[name] for name in found.rollback if name in plan.rungs}
        copy = ResolvedPhase(
            plan=plan.name,
            title=plan.title,
            run_by=plan.run_by,
            guilds=plan.guilds,
            systems=plan.systems,
            phase=found,
            rungs=rungs,
            files=dict(self.files),
            targets=dict(self.targets),
        )
        return copy, self._digest(copy)
