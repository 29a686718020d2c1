"""The command step: one argument vector; going back is another step of the plan, and its proof says whether it took."""

from bot.actions.scene import Scene, Shown
from bot.domain.steps import CommandStep


class Command:
    """Runs an argument vector under the effect's key."""

    async def seal(self, step: CommandStep, scene: Scene) -> dict[str, str]:  # noqa: ARG002 - nothing to go back to
        return {}

    async def act(self, step: CommandStep, scene: Scene) -> str:
        return await scene.command(step.argv, step.timeout, env=step.env, secrets=step.secrets)

    async def happened(self, step: CommandStep, scene: Scene) -> Shown:
        return await scene.proven(step.proof)

    def repeatable(self, step: CommandStep) -> bool:  # noqa: ARG002 - no command is known to recognise its key
        return False
