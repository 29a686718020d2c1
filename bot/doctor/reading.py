"""Reading: a plan's probes through the very adapters of its gates, with what its phases resolve to."""

from dataclasses import dataclass

from bot.doctor.house import House
from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.verdicts import Reading
from bot.plans.resolve import Unresolved, resolve
from bot.probes.reader import ProbeReader


def unresolved(house: House, plan: Plan, phase: str) -> tuple[str, ...]:
    """What a phase names and cannot be found here, a sentence for each."""
    try:
        _resolved(house, plan, phase)
    except Unresolved as why:
        return why.missing
    return ()


def _resolved(house: House, plan: Plan, phase: str) -> ResolvedPhase:
    # No digest of this is ever compared, so any key will do.
    return resolve(plan, phase, root=house.root, environ=house.environ, key=b"the doctor compares none")


@dataclass(frozen=True)
class Readers:
    """Reads probes of one plan as its gates would."""

    house: House
    plan: Plan

    def phase(self, name: str) -> ResolvedPhase | None:
        """A phase as it would run now; None when it cannot be resolved."""
        try:
            return _resolved(self.house, self.plan, name)
        except Unresolved:
            return None

    async def read(self, probe: Probe, phase: ResolvedPhase | None = None) -> Reading:
        """One reading; trouble is told in it and nothing is raised."""
        where = phase or self._with(getattr(probe, "system", ""))
        reader = ProbeReader(self.house.allowed, self.house.environ, self.house.guard)
        return await reader.read(probe, where, self.house.slack.clock.real())

    def _with(self, system: str) -> ResolvedPhase:
        """A phase that reaches this system; where none can be resolved, enough of one to ask the system itself."""
        for phase in self.plan.phases:
            found = self.phase(phase.name)
            if found is not None and system in found.systems:
                return found
        plan, environ = self.plan, self.house.environ
        targets = {known.url_env: environ.get(known.url_env, "") for known in plan.systems.values()}
        return ResolvedPhase(
            plan.name, plan.title, plan.run_by, plan.guilds, plan.systems, plan.phases[0], plan.rungs, targets=targets
        )
