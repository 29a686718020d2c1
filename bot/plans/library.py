"""The library: every plan of a folder, read again when its file changes, broken ones set aside."""

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.domain.nearest import did_you_mean
from bot.domain.plan import Plan, ResolvedPhase
from bot.plans.faults import Fault, PlanError
from bot.plans.loader import SIZE_CAP, load
from bot.plans.resolve import Unresolved, digest, resolve


@dataclass(frozen=True)
class _Kept:
    stamp: tuple[int, ...]
    content: str
    plan: Plan | None
    faults: tuple[Fault, ...] = ()


@dataclass
class PlanLibrary:
    """The plans of one folder. `root` is where their env files are found, `key` seals what must stay unseen.

    For `look_every` seconds the folder is taken to stand as it stood; never where something is to be executed.
    """

    root: Path
    folder: Path
    environ: Mapping[str, str]
    key: bytes
    look_every: float = 0.0
    _kept: dict[Path, _Kept] = field(default_factory=dict)
    # How the folder stood when it was read, and what was read then: nearly every command asks, and nothing changed.
    _stood: tuple[tuple[str, tuple[int, ...]], ...] = ()
    _standing: list[_Kept] = field(default_factory=list)
    _looked: float = float("-inf")

    def plans(self) -> tuple[Plan, ...]:
        """The plans that can be used, in the order of their files."""
        return tuple(kept.plan for kept in self._read() if kept.plan is not None)

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the other files."""
        return tuple(fault for kept in self._read() for fault in kept.faults)

    def plan(self, name: str) -> Plan | None:
        # What may be executed is asked for here: times can be set back, and two edits can share one; bytes cannot.
        kept = self._read(to_the_byte=True)
        return next((each.plan for each in kept if each.plan is not None and each.plan.name == name), None)

    def resolve(self, plan_name: str, phase: str) -> tuple[ResolvedPhase, str]:
        """A phase as it would run now, and its digest; raises Unresolved."""
        plan = self.plan(plan_name)
        if plan is None:
            remedy = did_you_mean(plan_name, (each.name for each in self.plans()))
            raise Unresolved((f"there is no plan '{plan_name}'; {remedy}",))
        resolved = resolve(plan, phase, root=self.root, environ=self.environ, key=self.key)
        return resolved, digest(resolved)

    def _read(self, *, to_the_byte: bool = False) -> list[_Kept]:
        if not to_the_byte and time.monotonic() - self._looked < self.look_every:
            return self._standing
        self._looked = time.monotonic()
        stands = self._stands()
        if not stands or stands != self._stood or to_the_byte:
            found = sorted(self.folder.glob("*.yml"))
            self._kept = {path: self._kept_of(path, to_the_byte=to_the_byte) for path in found}
            self._stood, self._standing = stands, [self._unless_taken(path, found) for path in found]
        return self._standing

    def _stands(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Name and stamp of every plan's file; nothing when that cannot be told."""
        try:
            with os.scandir(self.folder) as files:
                return tuple(sorted((file.name, _stamp(file.stat())) for file in files if file.name.endswith(".yml")))
        except OSError:
            return ()

    def _unless_taken(self, path: Path, found: list[Path]) -> _Kept:
        kept = self._kept[path]
        for earlier in found[: found.index(path)] if kept.plan else ():
            other = self._kept[earlier].plan
            if other and kept.plan and other.name == kept.plan.name:
                return replace(kept, plan=None, faults=(self._second(path, kept.plan, earlier),))
        return kept

    def _kept_of(self, path: Path, *, to_the_byte: bool) -> _Kept:
        kept = self._kept.get(path)
        try:
            stamp = _stamp(path.stat())
            if kept and kept.stamp == stamp and not to_the_byte:
                return kept
            content = _hash(path)
            if kept and kept.content == content:
                return replace(kept, stamp=stamp)
            return _Kept(stamp, content, load(path, self.root))
        except PlanError as bad:
            return _Kept(stamp, content, None, bad.faults)
        except OSError as bad:
            return _Kept((), "", None, (Fault(self._name(path), 1, 1, "", f"cannot be read: {bad.strerror}"),))

    def _second(self, path: Path, plan: Plan, first: Path) -> Fault:
        says = f"the plan '{plan.name}' is already in {self._name(first)}"
        return Fault(self._name(path), 1, 1, f"plan: {plan.name}", says, "give it another name")

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name


def _hash(path: Path) -> str:
    """Of as much as is ever read of a plan."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(SIZE_CAP + 1)).hexdigest()


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
