"""The scene of an action: what an adapter may use, and what reading back gives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from bot.domain.gates import Check
from bot.domain.masking import masked_argv
from bot.domain.plan import ResolvedPhase
from bot.domain.probes import Probe
from bot.domain.systems import Service
from bot.domain.verdicts import Outcome, Reading, judge
from bot.ports import ActionFailed, Clock, Probes, Unreachable
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed, NotRun, Ran, run, shown
from bot.workflows.commands import Called, note

EFFECT_KEY: Final = "ROLLOUT_EFFECT_KEY"


@dataclass(frozen=True)
class Shown:
    """How an effect shows: True, False, or None when it cannot be known; with words for people."""

    shown: bool | None
    says: str


@dataclass(frozen=True)
class Scene:
    """One step's surroundings: the approved copy of its phase, its key, what was sealed, and the ports."""

    phase: ResolvedPhase
    key: str
    sealed: Mapping[str, str]
    probes: Probes
    clock: Clock
    allowed: Allowed
    secrets: Mapping[str, str] = field(repr=False)
    guard: Guard = field(default_factory=Guard)

    def service(self, system: str) -> Service:
        found = self.phase.systems.get(system)
        if not isinstance(found, Service):
            raise ActionFailed(f"{system} is no service of the plan.")
        return found

    async def read(self, probe: Probe, phase: ResolvedPhase | None = None) -> Reading:
        return await self.probes.read(probe, phase or self.phase, self.clock.now())

    async def proven(self, checks: Iterable[Check]) -> Shown:
        """Whether all proofs hold now; without any, nothing is known."""
        answers = [await self._holds(check) for check in checks]
        return together(answers) if answers else Shown(None, "the step names no proof")

    async def _holds(self, check: Check) -> Shown:
        reading = await self.read(check.probe)
        verdict = judge(reading, check.bound, valid_for=timedelta())
        known = {Outcome.PASS: True, Outcome.FAIL: False}
        return Shown(known.get(verdict.outcome), f"{reading.source}: {verdict.says}")

    def check(self, argv: tuple[str, ...]) -> None:
        """Whether the command could be started at all; raises ActionFailed."""
        try:
            self.allowed.find(argv[0])
        except NotRun as trouble:
            raise ActionFailed(sentence(trouble)) from None

    async def command(
        self,
        argv: tuple[str, ...],
        limit: timedelta,
        *,
        env: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
    ) -> str:
        """Run one command under the effect's key; raises ActionFailed, or Unreachable when it had to be stopped."""
        names = tuple(secrets)
        missing = [name for name in names if name not in self.secrets]
        if missing:
            raise ActionFailed(f"{missing[0]} is not set and the command needs it; set it where the bot runs.")
        given = {**(env or {}), EFFECT_KEY: self.key}
        hidden = {name: self.secrets[name] for name in names}
        try:
            ran = await run(argv, allowed=self.allowed, env=given, secrets=hidden, timeout=limit, linger=True)
        except NotRun as trouble:
            raise ActionFailed(sentence(trouble)) from None
        note(_called(argv, ran))
        if ran.exit is None:
            raise Unreachable(f"{shown(argv)} did not end within {limit.total_seconds():g} s and was stopped.")
        if ran.exit != 0:
            said = ran.last_words or "it said nothing"
            raise ActionFailed(f"{shown(argv)} ended with exit code {ran.exit}: {said}")
        return f"ran {shown(argv)}"


def _called(argv: tuple[str, ...], ran: Ran) -> Called:
    out, err = ran.stdout_was, ran.stderr_was
    return Called(masked_argv(argv), ran.exit, out.size, out.sha256, err.size, err.sha256)


def sentence(trouble: Exception) -> str:
    text = str(trouble)
    return f"{text[:1].upper()}{text[1:]}."


def together(answers: Iterable[Shown]) -> Shown:
    """All of them: one no is a no, one unknown is unknown, and only then a yes."""
    all_of = tuple(answers)
    for wanted in (False, None):
        such = [each for each in all_of if each.shown is wanted]
        if such:
            return Shown(wanted, "; ".join(each.says for each in such))
    return Shown(shown=True, says="; ".join(each.says for each in all_of))


Kind_contra = TypeVar("Kind_contra", contravariant=True)


class Adapter(Protocol[Kind_contra]):
    """Does one kind of step."""

    async def seal(self, step: Kind_contra, scene: Scene) -> dict[str, str]:
        """What stands now and is needed to go back; raises ActionFailed."""
        ...

    async def act(self, step: Kind_contra, scene: Scene) -> str:
        """Do it and say in a few words what was done; raises ActionFailed, or Unreachable when that is unknown."""
        ...

    async def happened(self, step: Kind_contra, scene: Scene) -> Shown:
        """Read back once, now."""
        ...

    def repeatable(self, step: Kind_contra) -> bool:
        """Whether doing it again under the same key does no harm although nothing is known."""
        ...
