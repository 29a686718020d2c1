"""Resolving: a phase with everything that it names, as it will be executed, read at this moment."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from bot.domain.gates import Check
from bot.domain.plan import Guild, Phase, Plan, ResolvedPhase
from bot.domain.probes import AttestProbe, CommandProbe, EnvProbe
from bot.domain.steps import CommandStep, DeployStep, FlagsStep
from bot.domain.systems import JetStream, Prometheus, Service, System
from bot.domain.walking import walk
from bot.plans import envfile
from bot.plans.canonical import canonical, digest, plan_bytes, revive, revive_plan

__all__ = ["Unresolved", "canonical", "digest", "plan_bytes", "resolve", "revive", "revive_plan"]

_SEPARATORS: Final = re.compile(r"[=@:,]")
_SHORT_OPTION: Final = re.compile(r"-\w(.+)", re.DOTALL)


class Unresolved(Exception):  # noqa: N818 - it is an answer with reasons, shown to the person who asked
    """What a phase names and cannot be found here; `missing` holds one sentence for each."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.missing = missing
        super().__init__("\n".join(missing))


@dataclass
class _Search:
    """Reads files and variables; gathers what is missing, so that all of it is told at once."""

    root: Path
    environ: Mapping[str, str]
    key: bytes
    missing: list[str] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        path = self.root / name
        if not path.resolve().is_relative_to(self.root.resolve()):
            self.missing.append(f"the env file {name} lies outside of the repository")
            return None
        try:
            text = path.read_bytes().decode("utf-8")
            # What is approved is kept for ever, in the database and in bundles: no secret may be part of it.
            clear = [key for key, value in envfile.parse(text).items() if envfile.in_clear(key, value)]
            self.missing += [f"the env file {name} holds a secret in clear: {key}; {envfile.REMEDY}" for key in clear]
        except OSError as bad:
            self.missing.append(f"the env file {name} cannot be read: {bad.strerror}")
        except UnicodeDecodeError:
            self.missing.append(f"the env file {name} is not UTF-8")
        except envfile.EnvFileError as bad:
            self.missing.append(f"the env file {name} cannot be read: {bad}")
        else:
            return text
        return None

    def variable(self, name: str, whose: str) -> str | None:
        value = self.environ.get(name)
        if not value:
            self.missing.append(f"the variable {name} is not set ({whose})")
            return None
        return value

    def sealed(self, value: str) -> str:
        """What stands for a secret: it changes when the secret does, and tells nothing about it."""
        return f"hmac-sha256:{hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()}"

    def hashes(self, argv: Iterable[str]) -> Iterator[tuple[str, str]]:
        for name in (each for word in argv for each in _perhaps_files(word)):
            path = self._file(name)
            if path:
                with path.open("rb") as file:
                    yield name, f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

    def _file(self, name: str) -> Path | None:
        try:
            path = self.root / name
            inside = Path(name).is_absolute() or path.resolve().is_relative_to(self.root.resolve())
            return path if inside and path.is_file() else None
        except (OSError, ValueError):  # too long, or with a NUL: no file's name
            return None


def resolve(plan: Plan, phase_name: str, *, root: Path, environ: Mapping[str, str], key: bytes) -> ResolvedPhase:
    """Read what one phase names; raises Unresolved with everything that is missing.

    Only what this phase and its rungs use is taken in, so that another phase's edit changes nothing here.
    """
    phase = plan.phase(phase_name)
    if phase is None:
        raise Unresolved((f"the plan {plan.name} has no phase '{phase_name}'",))
    search = _Search(root, environ, key)
    rungs = {name: plan.rungs[name] for name in (*phase.rollback, *phase.partial)}
    systems = _systems(plan, (phase, rungs))
    parts = [part for _, part in walk((phase, rungs, systems))]
    files = {name: text for name in _env_files(phase, parts) if (text := search.text(name)) is not None}
    targets, secrets = _targets(systems, search)
    secrets.update(_secrets(parts, search))
    resolved = ResolvedPhase(
        plan=plan.name,
        title=plan.title,
        run_by=plan.run_by,
        guilds=_guilds(plan, phase, parts),
        systems=systems,
        phase=phase,
        rungs=rungs,
        files=files,
        hashes=dict(search.hashes(word for argv in _argvs(parts) for word in argv)),
        targets=targets,
        secrets=secrets,
    )
    if search.missing:
        raise Unresolved(tuple(dict.fromkeys(search.missing)))
    return resolved


def _systems(plan: Plan, used: object) -> dict[str, System]:
    """The systems that are named, and those which their own probes name."""
    found: dict[str, System] = {}
    waiting = _named(used)
    while waiting:
        name = waiting.pop()
        if name in plan.systems and name not in found:
            found[name] = plan.systems[name]
            waiting |= _named(plan.systems[name])
    return {name: plan.systems[name] for name in plan.systems if name in found}


def _named(used: object) -> set[str]:
    names = (getattr(part, "system", None) for _, part in walk(used))
    return {name for name in names if isinstance(name, str)}


def _guilds(plan: Plan, phase: Phase, parts: list[object]) -> dict[str, Guild]:
    asked = {part.probe.by for part in parts if isinstance(part, Check) and isinstance(part.probe, AttestProbe)}
    named = {plan.run_by, *phase.approvals.quorum, *asked, *(task.owner for task in phase.tasks)}
    return {name: guild for name, guild in plan.guilds.items() if name in named}


def _env_files(phase: Phase, parts: list[object]) -> list[str]:
    named = [part.env for part in parts if isinstance(part, FlagsStep | EnvProbe)]
    return sorted({name for name in (phase.env, *named) if name})


def _perhaps_files(word: str) -> Iterator[str]:
    """All that may name a file: the word, `-fNAME`, `--file=NAME`, `@NAME`, `a.yml:b.yml`; which are, the disk says."""
    yield word
    short = _SHORT_OPTION.fullmatch(word)
    for whole in (word, short[1]) if short else (word,):
        yield whole
        yield from (whole[each.end() :] for each in _SEPARATORS.finditer(whole))
        yield from _SEPARATORS.split(whole)


def _argvs(parts: list[object]) -> Iterator[tuple[str, ...]]:
    """The words that a command is given, in its arguments and in its environment."""
    for part in parts:
        if isinstance(part, CommandProbe | CommandStep | DeployStep):
            yield (*part.argv, *part.env.values())
        elif isinstance(part, Service):
            yield part.restart


def _secrets(parts: list[object], search: _Search) -> Iterator[tuple[str, str]]:
    for part in parts:
        if isinstance(part, CommandProbe | CommandStep | DeployStep):
            whose = getattr(part, "title", "") or " ".join(part.argv[:2])
            for name in part.secrets:
                value = search.variable(name, f"'{whose}' needs it")
                if value is not None:
                    yield name, search.sealed(value)


def _targets(systems: Mapping[str, System], search: _Search) -> tuple[dict[str, str], dict[str, str]]:
    """The addresses without their users and passwords, and what stands for those."""
    targets: dict[str, str] = {}
    sealed: dict[str, str] = {}
    for name, system in systems.items():
        for variable in _variables(system):
            value = search.variable(variable, f"the system '{name}' needs it")
            if value is not None:
                targets[variable] = without_user(value)
                if targets[variable] != value:
                    sealed[variable] = search.sealed(value)
    return targets, sealed


def _variables(system: System) -> Iterator[str]:
    match system:
        case Service(url_env=url, env_file_env=env_file):
            yield url
            if env_file:
                yield env_file
        case Prometheus(url_env=url) | JetStream(url_env=url):
            yield url


def without_user(address: str) -> str:
    """The address without user and password; a path stays as it is."""
    if "@" not in address or "://" not in address:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
