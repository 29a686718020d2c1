"""Previews: what starting a phase would do, to the byte, before anybody agrees to it."""

from dataclasses import dataclass

from bot.domain.plan import Phase, ResolvedPhase
from bot.domain.refusals import Refusal


@dataclass(frozen=True)
class Preview:
    """What starting a phase would do: everything that the approvers will be asked to agree to.

    `flags` are (sign, key, old, new); `refusal` says why it cannot be proposed now.
    """

    plan: str
    rollout: str
    resolved: ResolvedPhase
    digest: str
    flags: tuple[tuple[str, str, str, str], ...] = ()
    refusal: Refusal | None = None

    @property
    def phase(self) -> Phase:
        return self.resolved.phase
