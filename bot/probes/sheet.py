"""The sheet: what the target's env file holds now, against what a phase would write."""

import asyncio
from pathlib import Path

from bot.domain.masking import MASK, named_secret, secrets_in
from bot.domain.plan import ResolvedPhase
from bot.domain.steps import FlagsStep
from bot.domain.systems import Service
from bot.plans.envfile import Difference, EnvFileError, differences, parse
from bot.reach.targetfiles import NotReadable, read


class EnvSheet:
    """Plays the Sheet port: reads files only, and shows no value that may be a secret."""

    async def differences(self, phase: ResolvedPhase) -> tuple[tuple[str, str, str, str], ...]:
        """(sign, key, old, new) over every flags step of the phase; a file that cannot be read counts as empty."""
        found: list[tuple[str, str, str, str]] = []
        for step in phase.phase.steps:
            if isinstance(step, FlagsStep):
                found += [_shown(each) for each in await asyncio.to_thread(_of_step, step, phase)]
        return tuple(found)


def _of_step(step: FlagsStep, phase: ResolvedPhase) -> list[Difference]:
    old = _now(step, phase)
    path = step.env or phase.phase.env
    if step.sets and not step.env:
        return differences(old, {**old, **step.sets})
    return differences(old, parse(phase.files.get(path or "", "")))


def _now(step: FlagsStep, phase: ResolvedPhase) -> dict[str, str]:
    system = phase.systems.get(step.system)
    named = system.env_file_env if isinstance(system, Service) else None
    where = phase.targets.get(named or "")
    if not where:
        return {}
    try:
        return parse(read(Path(where)))
    except (NotReadable, EnvFileError):
        return {}


def _shown(each: Difference) -> tuple[str, str, str, str]:
    return each.sign, each.key, _masked(each.key, each.old), _masked(each.key, each.new)


def _masked(key: str, value: str | None) -> str:
    """The value, unless it may be a secret; `${NAME}` stands for one and shows none."""
    if value is None:
        return ""
    return MASK if named_secret(key, value) or any(secrets_in(value)) else value
