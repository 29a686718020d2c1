"""The env probe: how many declared variables differ on the target or in what the service reports."""

import asyncio
from pathlib import Path

from bot.domain.probes import EnvProbe
from bot.domain.systems import Service
from bot.plans.envfile import EnvFileError, parse
from bot.probes.answers import parsed
from bot.probes.scene import Found, Scene, Unread
from bot.reach.targetfiles import NotReadable, read


class Environment:
    """Counts differences between the plan's env file, the target's file, and the running service."""

    def source(self, probe: EnvProbe) -> str:
        return f"environment of {probe.system} against {probe.env or 'the phase env file'}"

    async def read(self, probe: EnvProbe, scene: Scene) -> Found:
        service = scene.phase.systems.get(probe.system)
        if not isinstance(service, Service):
            raise Unread(f"{probe.system} is no service of the plan, so it has no environment")
        declared = _declared(probe, scene)
        on_file = await _on_file(service, probe.system, scene)
        reported = await _reported(service, probe.system, scene)
        wrong_on_file = [key for key, value in declared.items() if on_file is not None and on_file.get(key) != value]
        # The service has resolved `${…}` into what the bot must never know.
        plain = {key: value for key, value in declared.items() if "${" not in value}
        wrong_in_service = [key for key, value in plain.items() if reported.get(key) != value]
        unseen = [key for key in declared if key not in plain] if on_file is None else []
        return Found(
            len({*wrong_on_file, *wrong_in_service}), adds=_told(declared, wrong_on_file, wrong_in_service, unseen)
        )


def _told(declared: dict[str, str], on_file: list[str], in_service: list[str], unseen: list[str]) -> str:
    """Which keys differ: names only, never values."""
    parts = [f"{len(declared)} declared"]
    parts += [f"differ in the file: {', '.join(on_file)}"] if on_file else []
    parts += [f"differ in the running service: {', '.join(in_service)}"] if in_service else []
    parts += [f"not comparable: {', '.join(unseen)}"] if unseen else []
    return "; ".join(parts)


def _declared(probe: EnvProbe, scene: Scene) -> dict[str, str]:
    path = probe.env or scene.phase.phase.env
    if path is None:
        raise Unread("neither the probe nor the phase names an env file; add `env:`")
    if path not in scene.phase.files:
        raise Unread(f"{path} is not part of the approved copy of this phase; preview it again")
    declared = _parsed(scene.phase.files[path], path)
    unknown = [key for key in probe.only if key not in declared]
    if unknown:
        raise Unread(f"{path} does not declare {', '.join(unknown)}")
    chosen = {key: declared[key] for key in probe.only} if probe.only else dict(declared)
    if not chosen:
        raise Unread(f"{path} declares nothing, so there is nothing to compare")
    return chosen


async def _on_file(service: Service, system: str, scene: Scene) -> dict[str, str] | None:
    """The target's file; None where the plan knows of none and only the running service can tell."""
    if service.env_file_env is None:
        return None
    path = scene.phase.targets.get(service.env_file_env, "")
    if not path:
        raise Unread(f"{service.env_file_env} is not set; set it to the path of the env file of {system}")
    try:
        return _parsed(await asyncio.to_thread(read, Path(path)), path)
    except NotReadable as trouble:
        raise Unread(str(trouble)) from None


def _parsed(text: str, path: str) -> dict[str, str]:
    try:
        return parse(text)
    except EnvFileError as trouble:
        raise Unread(f"{path} cannot be read as an env file: {trouble}") from None


async def _reported(service: Service, system: str, scene: Scene) -> dict[str, str]:
    if service.reports is None:
        raise Unread(f"{system} has no `reports:` in the plan, so what it runs with is unknown")
    reading = await scene.read(service.reports)
    if reading.value is None:
        raise Unread(f"what {system} runs with is unknown: {reading.trouble}")
    document = parsed(reading.value, system) if isinstance(reading.value, str) else reading.value
    if isinstance(document, dict):
        return {str(key): _written(value) for key, value in document.items()}
    if isinstance(document, list) and all(isinstance(line, str) and "=" in line for line in document):
        return dict(line.split("=", 1) for line in document)
    raise Unread(f"{system} reports its environment neither as a list of KEY=VALUE nor as a mapping")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
