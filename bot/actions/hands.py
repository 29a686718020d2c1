"""The hands: play the Actions port, each step by the adapter of its kind."""

from collections.abc import Mapping

from bot.actions import ACTIONS
from bot.actions.scene import Scene, Shown
from bot.domain.plan import ResolvedPhase
from bot.domain.steps import Step
from bot.ports import ActionFailed, Clock, Probes
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed


class ActionHands:
    """Does steps under their keys and reads their effects back through the probes.

    `secrets` are the variables that commands may name, by name and value.
    """

    def __init__(
        self,
        probes: Probes,
        clock: Clock,
        allowed: Allowed,
        secrets: Mapping[str, str],
        guard: Guard | None = None,
    ) -> None:
        self._probes = probes
        self._clock = clock
        self._allowed = allowed
        self._secrets = secrets
        self._guard = guard or Guard()

    async def seal(self, step: Step, phase: ResolvedPhase) -> dict[str, str]:
        return await ACTIONS[type(step)].seal(step, self._scene(phase, "", {}))

    async def act(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> str:
        return await ACTIONS[type(step)].act(step, self._scene(phase, key, sealed))

    async def happened(self, step: Step, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> Shown:
        try:
            return await ACTIONS[type(step)].happened(step, self._scene(phase, key, sealed))
        except ActionFailed as trouble:
            return Shown(None, str(trouble))

    def repeatable(self, step: Step) -> bool:
        return ACTIONS[type(step)].repeatable(step)

    def _scene(self, phase: ResolvedPhase, key: str, sealed: Mapping[str, str]) -> Scene:
        return Scene(phase, key, sealed, self._probes, self._clock, self._allowed, self._secrets, self._guard)
