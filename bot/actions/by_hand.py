"""The by-hand step: a person does it and attests it; there is nothing that the bot could do."""

from bot.actions.scene import Scene, Shown
from bot.domain.steps import ByHandStep
from bot.ports import ActionFailed


class ByHand:
    """Refuses to be done and knows nothing: only a person's word can tell."""

    async def seal(self, step: ByHandStep, scene: Scene) -> dict[str, str]:  # noqa: ARG002 - nothing to go back to
        return {}

    async def act(self, step: ByHandStep, scene: Scene) -> str:  # noqa: ARG002 - nothing is done here
        raise ActionFailed(f"'{step.title}' is done by hand: {step.instructions}")

    async def happened(self, step: ByHandStep, scene: Scene) -> Shown:  # noqa: ARG002 - nothing to be read
        return Shown(None, "awaits a person's word")

    def repeatable(self, step: ByHandStep) -> bool:  # noqa: ARG002 - whatever it is
        return False
