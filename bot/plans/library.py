"""The library: every plan of a folder, read again when its file changes, broken ones set aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.nearest import did_you_mean
from bot.domain.plan import Plan, ResolvedPhase
from bot.plans.faults import Fault, PlanError
from bot.plans.loader import load
from bot.plans.resolve import Unresolved, digest, resolve


@dataclass(frozen=True)
class _Kept:
    stamp: tuple[int, int]
    plan: Plan | None
    faults: tuple[Fault, ...] = ()


@dataclass
class PlanLibrary:
    """The plans of one folder. `root` is where their env files are found, `key` seals what must stay unseen."""

    root: Path
    folder: Path
    environ: Mapping[str, str]
    key: bytes
    _kept: dict[Path, _Kept] = field(default_factory=dict)

    def plans(self) -> tuple[Plan, ...]:
        """The plans that can be used, in the order of their files."""
        return tuple(kept.plan for kept in self._read() if kept.plan is not None)

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the other files."""
        return tuple(fault for kept in self._read() for fault in kept.faults)

    def plan(self, name: str) -> Plan | None:
        return next((plan for plan in self.plans() if plan.name == name), None)

    def resolve(self, plan_name: str, phase: str) -> tuple[ResolvedPhase, str]:
        """A phase as it would run now, and its digest; raises Unresolved."""
        plan = self.plan(plan_name)
        if plan is None:
            remedy = did_you_mean(plan_name, (each.name for each in self.plans()))
            raise Unresolved((f"there is no plan '{plan_name}'; {remedy}",))
        resolved = resolve(plan, phase, root=self.root, environ=self.environ, key=self.key)
        return resolved, digest(resolved)

    def _read(self) -> list[_Kept]:
        found = sorted(self.folder.glob("*.yml"))
        self._kept = {path: self._kept_of(path) for path in found}
        return [self._unless_taken(path, found) for path in found]

    def _unless_taken(self, path: Path, found: list[Path]) -> _Kept:
        kept = self._kept[path]
        for earlier in found[: found.index(path)] if kept.plan else ():
            other = self._kept[earlier].plan
            if other and kept.plan and other.name == kept.plan.name:
                return _Kept(kept.stamp, None, (self._second(path, kept.plan, earlier),))
        return kept

    def _kept_of(self, path: Path) -> _Kept:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            kept = self._kept.get(path)
            if kept and kept.stamp == stamp:
                return kept
            return _Kept(stamp, load(path, self.root))
        except PlanError as bad:
            return _Kept(stamp, None, bad.faults)
        except OSError as bad:
            return _Kept((0, 0), None, (Fault(self._name(path), 1, 1, "", f"cannot be read: {bad.strerror}"),))

    def _second(self, path: Path, plan: Plan, first: Path) -> Fault:
        says = f"the plan '{plan.name}' is already in {self._name(first)}"
        return Fault(self._name(path), 1, 1, f"plan: {plan.name}", says, "give it another name")

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
