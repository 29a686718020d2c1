"""Expressions: what only a library can check in a plan, JMESPath and the time zone."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.domain.lint import Problem
from bot.domain.nearest import did_you_mean
from bot.domain.plan import Plan
from bot.domain.probes import CommandProbe, HttpProbe
from bot.domain.walking import walk

LONGEST: Final = 500


def problems(plan: Plan) -> Iterator[Problem]:
    """JMESPath that does not compile, and a zone that does not exist."""
    for path, part in walk(plan):
        if isinstance(part, HttpProbe | CommandProbe) and part.path is not None:
            trouble = _trouble(part.path)
            if trouble:
                yield Problem((*path, "path"), f"'{part.path[:80]}' is not JMESPath: {trouble}")
    try:
        ZoneInfo(plan.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = did_you_mean(plan.timezone, available_timezones()) if "/" in plan.timezone else "such as Europe/Berlin"
        yield Problem(("timezone",), f"'{plan.timezone}' is not a time zone", remedy)


def _trouble(expression: str) -> str:
    from jmespath import compile as compile_expression
    from jmespath.exceptions import JMESPathError

    if len(expression) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    try:
        compile_expression(expression)
    except RecursionError:
        return "it is nested too deeply"
    except JMESPathError as bad:
        return str(bad).splitlines()[0].removesuffix(":")
    return ""
