"""The deploy and revert steps: a version is put in place by a command and proved by what the service says it runs."""

from bot.actions.scene import Scene, Shown, together
from bot.domain.steps import DeployStep, RevertStep
from bot.ports import ActionFailed

VERSION = "version"


class Deploy:
    """Deploys the approved version; the one that ran before is sealed, so that it can be brought back."""

    async def seal(self, step: DeployStep, scene: Scene) -> dict[str, str]:
        version, trouble = await _running(step.system, scene)
        if version is None:
            raise ActionFailed(f"The version of {step.system} to go back to cannot be read: {trouble}.")
        return {VERSION: version}

    async def act(self, step: DeployStep, scene: Scene) -> str:
        return await _deploy(step, step.version, step, scene)

    async def happened(self, step: DeployStep, scene: Scene) -> Shown:
        runs = await _runs(step.system, step.version, scene)
        return together([runs, await scene.proven(step.proof)]) if step.proof else runs

    def repeatable(self, step: DeployStep) -> bool:  # noqa: ARG002 - deploying the same version changes nothing
        return True


class Revert:
    """Deploys exactly the version that was sealed before the phase's deploy step of the same system."""

    async def seal(self, step: RevertStep, scene: Scene) -> dict[str, str]:  # noqa: ARG002 - the deploy's seal serves
        return {}

    async def act(self, step: RevertStep, scene: Scene) -> str:
        return await _deploy(_forward(step, scene), _sealed(step, scene), step, scene)

    async def happened(self, step: RevertStep, scene: Scene) -> Shown:
        if VERSION not in scene.sealed:
            return Shown(None, f"no version of {step.system} was sealed")
        return await _runs(step.system, scene.sealed[VERSION], scene)

    def repeatable(self, step: RevertStep) -> bool:  # noqa: ARG002 - deploying the same version changes nothing
        return True


def _sealed(step: RevertStep, scene: Scene) -> str:
    version = scene.sealed.get(VERSION, "")
    if not version:
        raise ActionFailed(f"No version of {step.system} was sealed before its deploy; deploy the right one by hand.")
    return version


def _forward(step: RevertStep, scene: Scene) -> DeployStep:
    for each in scene.phase.phase.steps:
        if isinstance(each, DeployStep) and each.system == step.system:
            return each
    raise ActionFailed(f"The phase has no deploy step of {step.system}, so there is no command to go back with.")


async def _deploy(how: DeployStep, version: str, step: DeployStep | RevertStep, scene: Scene) -> str:
    env = {**how.env, how.version_env: version}
    ran = await scene.command(how.argv, step.timeout, env=env, secrets=how.secrets)
    return f"{ran} with {how.version_env}={version}"


async def _runs(system: str, version: str, scene: Scene) -> Shown:
    running, trouble = await _running(system, scene)
    if running is None:
        return Shown(None, f"which version of {system} runs is unknown: {trouble}")
    return Shown(running == version, f"{system} runs {running}")


async def _running(system: str, scene: Scene) -> tuple[str | None, str]:
    """The version that the service says it runs, or why that is unknown."""
    probe = scene.service(system).runs
    if probe is None:
        return None, f"{system} has no `runs:` in the plan"
    reading = await scene.read(probe)
    version = "" if reading.value is None else str(reading.value).strip()
    return (version, "") if version else (None, reading.trouble or f"{system} names no version")
