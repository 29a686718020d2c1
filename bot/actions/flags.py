"""The flags step: an env file is written whole, the service restarted, and proved by what the service reports."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

from bot.actions.scene import Scene, Shown, together
from bot.actions.writing import NotWritten, write_whole
from bot.domain.plan import ResolvedPhase
from bot.domain.probes import EnvProbe
from bot.domain.steps import FlagsStep
from bot.plans.envfile import edit
from bot.ports import ActionFailed
from bot.reach.targetfiles import NotReadable, read

BEFORE = "before"


class Flags:
    """Writes the plan's env file, or single keys of the target's; the file's hash is sealed before."""

    async def seal(self, step: FlagsStep, scene: Scene) -> dict[str, str]:
        return {BEFORE: _hash(await _current(step, scene))}

    async def act(self, step: FlagsStep, scene: Scene) -> str:
        service, path = scene.service(step.system), _path(step, scene)
        if service.restart:
            scene.check(service.restart)  # what cannot restart must not be written either
        current = await _current(step, scene)
        # Written also when it says so already: an earlier attempt may have been killed before it was durable.
        try:
            await asyncio.to_thread(write_whole, path, _wanted(step, scene.phase, current))
        except NotWritten as trouble:
            raise ActionFailed(str(trouble)) from None
        said = f"wrote {path.name} of {step.system}"
        # A hand that wrote in between is overwritten, since going back must always work; but it is not hidden.
        if _touched(step, scene, current):
            said += " (somebody else had changed it since it was read)"
        if not service.restart:
            return said
        return f"{said}, {await scene.command(service.restart, min(step.timeout, service.restart_timeout))}"

    async def happened(self, step: FlagsStep, scene: Scene) -> Shown:
        current = await _current(step, scene)
        text = _wanted(step, scene.phase, current)
        if text != current:
            return Shown(shown=False, says=f"{_path(step, scene).name} of {step.system} holds something else")
        # Where the service cannot be asked, a proof of the plan may stand for it; where neither can, nothing is known.
        asked = scene.service(step.system).reports is not None or not step.proof
        answers = [await _reports(step, scene, text)] if asked else []
        return together([*answers, await scene.proven(step.proof)] if step.proof else answers)

    def repeatable(self, step: FlagsStep) -> bool:  # noqa: ARG002 - the same text and another restart
        return True


def _touched(step: FlagsStep, scene: Scene, current: str) -> bool:
    before = scene.sealed.get(BEFORE)
    return before not in {None, _hash(current)} and current != _wanted(step, scene.phase, current)


async def _reports(step: FlagsStep, scene: Scene, text: str) -> Shown:
    """Whether the service runs with what was written, asked through the same probe that a gate would use."""
    written = step.env or scene.phase.phase.env or "written"
    phase = replace(scene.phase, files={**scene.phase.files, written: text})
    reading = await scene.read(EnvProbe("env", step.system, env=written), phase)
    if reading.value is None:
        return Shown(None, reading.trouble)
    return Shown(reading.value == 0, reading.source)


def _wanted(step: FlagsStep, phase: ResolvedPhase, current: str) -> str:
    """The text to be written; with `sets` alone it is the target's own, edited, so unknown keys stay."""
    if step.sets and step.env is None:
        return _edited(current, step)
    path = step.env or phase.phase.env
    if path is None or path not in phase.files:
        raise ActionFailed(f"{path or 'An env file'} is not part of the approved copy of this phase; preview it again.")
    text = phase.files[path]
    return _edited(text, step) if step.sets else text


def _edited(text: str, step: FlagsStep) -> str:
    try:
        return edit(text, step.sets)
    except ValueError as trouble:
        raise ActionFailed(f"The env file of {step.system} cannot be edited: {trouble}.") from None


async def _current(step: FlagsStep, scene: Scene) -> str:
    try:
        return await asyncio.to_thread(read, _path(step, scene))
    except NotReadable as trouble:
        raise ActionFailed(f"{trouble}.") from None


def _path(step: FlagsStep, scene: Scene) -> Path:
    name = scene.service(step.system).env_file_env
    if name is None:
        raise ActionFailed(f"{step.system} has no `env_file_env:` in the plan, so there is no file to write.")
    path = scene.phase.targets.get(name, "")
    if not path:
        raise ActionFailed(f"{name} is not set; set it to the path of the env file of {step.system}.")
    return Path(path)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
