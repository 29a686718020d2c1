"""Files: the env files that a plan names exist and can be read, and single keys are keys of one of them."""

from collections.abc import Iterator
from pathlib import Path

from bot.domain.nearest import did_you_mean
from bot.domain.plan import Phase, Plan
from bot.domain.probes import EnvProbe
from bot.domain.problems import Problem
from bot.domain.steps import FlagsStep
from bot.domain.walking import walk
from bot.plans import envfile


def problems(plan: Plan, root: Path) -> Iterator[Problem]:
    """What the plan says about files below `root` that is not so."""
    known: set[str] = set()
    for path, part in walk(plan):
        if isinstance(part, Phase | FlagsStep | EnvProbe) and part.env is not None:
            if not (root / part.env).resolve().is_relative_to(root.resolve()):
                continue  # told by bot.domain.lint_steps
            try:
                declared = envfile.parse((root / part.env).read_bytes().decode("utf-8"))
            except OSError:
                yield Problem((*path, "env"), f"there is no file {part.env}")
            except ValueError as bad:
                yield Problem((*path, "env"), f"{part.env} cannot be read: {bad}")
            else:
                known |= declared.keys()
                clear = [key for key, value in declared.items() if envfile.in_clear(key, value)]
                says = f"{part.env} holds a secret in clear: "
                yield from (Problem((*path, "env"), says + key, envfile.REMEDY) for key in clear)
    yield from _keys(plan, known)


def _keys(plan: Plan, known: set[str]) -> Iterator[Problem]:
    for path, part in walk(plan) if known else ():
        if isinstance(part, FlagsStep | EnvProbe):
            where = "sets" if isinstance(part, FlagsStep) else "only"
            for index, key in enumerate(part.sets if isinstance(part, FlagsStep) else part.only):
                if key not in known:
                    at = (*path, where, key if where == "sets" else index)
                    says = f"no env file of this plan holds '{key}'"
                    yield Problem(at, says, did_you_mean(key, known), at_key=where == "sets")
