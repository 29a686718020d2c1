"""The hands' twin: effects are noted by their keys, and can fail, lose their answer or crash on cue."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.plan import ResolvedPhase
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, HttpStep, RevertStep, Step
from bot.ports import ActionFailed, Unreachable
from bot.rehearsal.pulse import Stopped

VERSION_BEFORE = "rehearsed-before"
ANY = "*"


class Cue(StrEnum):
    """What goes wrong with the next attempt."""

    FAIL = "fail"  # it says no; nothing happened
    LOSE_ANSWER = "lose-answer"  # it happened, and the answer is lost
    LOSE_REQUEST = "lose-request"  # it did not happen, and nobody knows
    CRASH_BEFORE = "crash-before"  # the process is gone before the effect
    CRASH_AFTER = "crash-after"  # the process is gone after the effect


@dataclass(frozen=True)
class Seen:
    """How an effect shows in the rehearsal."""

    shown: bool | None
    says: str


class RehearsalHands:
    """The promises of Actions, without touching anything.

    `cues` go wrong once, by the effect's key or for ANY. `effects` counts what happened by key: more than one is
    a doubled effect. What is listed in `unseen` cannot be read back.
    """

    def __init__(self) -> None:
        self.cues: dict[str, Cue] = {}
        self.attempts: list[str] = []
        self.effects: dict[str, int] = {}
        self.unseen: set[str] = set()
        self.versions: dict[str, str] = {}

    async def seal(self, step: Step, phase: ResolvedPhase) -> dict[str, str]:  # noqa: ARG002 - as the port asks
        if isinstance(step, DeployStep):
            return {"version": self.versions.get(step.system, VERSION_BEFORE)}
        return {"before": "rehearsed"} if step.kind == "flags" else {}

    async def act(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> str:  # noqa: ARG002 - as the port asks
        if isinstance(step, ByHandStep):
            raise ActionFailed(f"'{step.title}' is done by hand: {step.instructions}")
        if isinstance(step, RevertStep) and not sealed.get("version"):
            raise ActionFailed(
                f"No version of {step.system} was sealed before its deploy; deploy the right one by hand."
            )
        self.attempts.append(key)
        cue = self.cues.pop(key, None) or self.cues.pop(ANY, None)
        match cue:
            case Cue.FAIL:
                raise ActionFailed("It failed, as the script asks.")
            case Cue.CRASH_BEFORE:
                raise Stopped(key)
            case Cue.LOSE_REQUEST:
                raise Unreachable("Whether it was done is unknown, as the script asks.")
        self._note(step, key, sealed)
        match cue:
            case Cue.CRASH_AFTER:
                raise Stopped(key)
            case Cue.LOSE_ANSWER:
                raise Unreachable("Whether it was done is unknown, as the script asks.")
        return f"rehearsed {step.kind}"

    async def happened(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> Seen:  # noqa: ARG002 - as the port asks
        if isinstance(step, ByHandStep) or key in self.unseen or ANY in self.unseen:
            return Seen(None, "it cannot be read back, as the script asks")
        done = key in self.effects
        return Seen(done, "rehearsed" if done else "not done in this rehearsal")

    def repeatable(self, step: Step) -> bool:
        if isinstance(step, HttpStep):
            return step.key_header is not None
        return not isinstance(step, ByHandStep | CommandStep)

    def _note(self, step: Step, key: str, sealed: Mapping[str, str]) -> None:
        self.effects[key] = self.effects.get(key, 0) + 1
        if isinstance(step, DeployStep):
            self.versions[step.system] = step.version
        if isinstance(step, RevertStep):
            self.versions[step.system] = sealed["version"]
