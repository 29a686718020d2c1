"""Lint of steps and rungs: what they act on can be acted on, by nothing that interprets text."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from bot.domain.masking import secrets_of_argv
from bot.domain.plan import Phase, Plan
from bot.domain.probes import CommandProbe, EnvProbe
from bot.domain.problems import Problem, unknown
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep
from bot.domain.systems import Service
from bot.domain.walking import Path, walk

_SHELLS: Final = (
    "sh", "bash", "zsh", "dash", "ash", "ksh", "csh", "tcsh", "fish", "busybox", "cmd", "powershell", "pwsh",
)  # fmt: skip
_INTERPRETERS: Final = frozenset((*_SHELLS, "env", "xargs", "eval"))
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_KEY: Final = re.compile(
    r"(?:^|[_-])(?:PASSWORD|PASSWD|PASS|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|AUTHORIZATION)$",
    re.IGNORECASE,
)
_SECRET_VALUE: Final = re.compile(
    r"xox[abeoprs]-|xapp-|gh[opsru]_[A-Za-z0-9]{20}|github_pat_|AKIA[0-9A-Z]{16}|-----BEGIN|://[^/@\s:]*:[^$/@\s][^/@\s]*@"
)


def step_problems(plan: Plan) -> Iterator[Problem]:
    for path, part in walk(plan):
        if isinstance(part, FlagsStep):
            yield from _flags(plan, part, path)
        elif isinstance(part, DeployStep | RevertStep):
            yield from _versioned(plan, part, path)
        elif isinstance(part, HttpStep):
            yield from _request(plan, part, path)
        elif isinstance(part, ByHandStep) and part.system is not None:
            yield from unknown((*path, "system"), "system", part.system, plan.systems)
        elif isinstance(part, Service):
            yield from _service(part, path)
        if isinstance(part, Phase | FlagsStep | EnvProbe) and part.env is not None:
            yield from _inside((*path, "env"), part.env)
        if isinstance(part, DeployStep | CommandStep | CommandProbe):
            yield from argv_problems((*path, "argv"), part.argv)
            yield from _literals((*path, "env"), part.env.items())
            yield from _variables((*path, "env"), part.env, at_key=True)
            yield from _variables((*path, "secrets"), part.secrets)


def _service_of(plan: Plan, name: str, path: Path, needs: tuple[str, ...]) -> Iterator[Problem]:
    yield from unknown(path, "system", name, plan.systems)
    system = plan.systems.get(name)
    if system is None:
        return
    if not isinstance(system, Service):
        yield Problem(path, f"'{name}' is no service but {system.kind}", "this step needs a system of kind service")
        return
    missing = [need for need in needs if not getattr(system, need)]
    if missing:
        yield Problem(path, f"the system '{name}' lacks {', '.join(missing)}", "this step needs it")


def _flags(plan: Plan, step: FlagsStep, path: Path) -> Iterator[Problem]:
    yield from _service_of(plan, step.system, (*path, "system"), ("env_file_env", "restart", "reports"))
    phase = plan.phases[int(path[1])] if path[0] == "phases" else None
    if step.env is None and not step.sets and (phase is None or phase.env is None):
        yield Problem(path, "a flags step that changes nothing", "name a file under env:, or keys under sets:")
    yield from _variables((*path, "sets"), step.sets, at_key=True)
    yield from _literals((*path, "sets"), step.sets.items())


def _versioned(plan: Plan, step: DeployStep | RevertStep, path: Path) -> Iterator[Problem]:
    yield from _service_of(plan, step.system, (*path, "system"), ("runs",))
    if isinstance(step, DeployStep):
        yield from _variables(path, [step.version_env], key="version_env")
        if not step.version.strip():
            yield Problem((*path, "version"), "a deploy step needs a version")


def _request(plan: Plan, step: HttpStep, path: Path) -> Iterator[Problem]:
    yield from _service_of(plan, step.system, (*path, "system"), ())
    if not step.path.startswith("/"):
        yield Problem((*path, "path"), f"'{step.path}' is not a path", "begin with /")
    yield from _literals((*path, "body"), step.body.items())


def _service(service: Service, path: Path) -> Iterator[Problem]:
    if service.restart:
        yield from argv_problems((*path, "restart"), service.restart)
    if service.env_file_env and not service.restart:
        yield Problem(path, "a service with an env file needs restart", "write restart: [systemctl, restart, NAME]")


def argv_problems(path: Path, argv: tuple[str, ...]) -> Iterator[Problem]:
    """An argument vector that starts nothing, or that starts an interpreter of text."""
    if not argv or not argv[0].strip():
        yield Problem(path, "an empty command", "name the executable and its arguments, each one item")
        return
    executable = PurePosixPath(argv[0].replace("\\", "/")).name.lower().removesuffix(".exe")
    if executable in _INTERPRETERS:
        yield Problem((*path, 0), f"'{argv[0]}' would interpret text", "name the program itself; commands use no shell")
    elif any(secrets_of_argv(argv)):
        yield Problem(path, "an argument looks like a secret", "name the variable under secrets:", hide=True)
    elif " " in argv[0]:
        yield Problem((*path, 0), f"'{argv[0]}' is one word with blanks", "each argument is one item of the list")


def _literals(path: Path, items: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for key, value in items:
        hidden = not value or re.fullmatch(r"\$\{\w+\}", value)
        if not hidden and (_SECRET_KEY.search(key) or _SECRET_VALUE.search(value)):
            # The value itself is not repeated: faults are shown in Slack.
            says = f"'{key}' looks like a secret"
            yield Problem((*path, key), says, "name the variable under secrets:", at_key=True, hide=True)


def _variables(path: Path, names: Iterable[str], *, at_key: bool = False, key: str = "") -> Iterator[Problem]:
    for index, name in enumerate(names):
        if not _VARIABLE.fullmatch(name):
            where = (*path, key) if key else (*path, name if at_key else index)
            yield Problem(where, f"'{name}' cannot name a variable", "use letters, digits and _", at_key)


def _inside(path: Path, file: str) -> Iterator[Problem]:
    parts = PurePosixPath(file)
    if parts.is_absolute() or ".." in parts.parts or not file.strip():
        yield Problem(path, f"'{file}' is not a file of this repository", "write a path such as config/rollout/x.env")
