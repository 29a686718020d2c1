"""Lint: the rules of a plan that reach over more than one field.

What a single key may hold is said by the types; this is everything that needs two of them.
"""

from collections.abc import Iterator
from typing import Final

from bot.domain.lint_checks import check_problems
from bot.domain.lint_phases import phase_problems
from bot.domain.lint_steps import step_problems
from bot.domain.nearest import did_you_mean
from bot.domain.plan import Guild, Plan
from bot.domain.probes import AttestProbe, EnvProbe, HttpProbe, PrometheusProbe
from bot.domain.problems import Problem, misnamed, misplaced_channel, repeated, unknown
from bot.domain.steps import ByHandStep, DeployStep, FlagsStep, HttpStep, RevertStep
from bot.domain.walking import walk

__all__ = ["Problem", "problems"]

_SYSTEM_USERS: Final = (HttpProbe, PrometheusProbe, EnvProbe, FlagsStep, DeployStep, RevertStep, HttpStep, ByHandStep)


def problems(plan: Plan) -> Iterator[Problem]:
    """Every rule that the plan breaks, each with the path to where it breaks it."""
    yield from misnamed(("plan",), "plan", plan.plan)
    yield from misplaced_channel(("channel",), plan.channel)
    yield from _guilds(plan)
    for what, names in (("system", plan.systems), ("rung", plan.rungs)):
        for name in names:
            yield from misnamed((f"{what}s", name), what, name, at_key=True)
    yield from phase_problems(plan)
    yield from step_problems(plan)
    yield from check_problems(plan)
    yield from _unused(plan)
    yield from _schedule(plan)
    yield from _audiences(plan)


def _guilds(plan: Plan) -> Iterator[Problem]:
    if not plan.guilds:
        yield Problem(("guilds",), "a plan needs at least one guild")
    for name, guild in plan.guilds.items():
        yield from misnamed(("guilds", name), "guild", name, at_key=True)
        yield from _members(name, guild)
    yield from unknown(("run_by",), "guild", plan.run_by, plan.guilds)


def _members(name: str, guild: Guild) -> Iterator[Problem]:
    if not guild.usergroup and not guild.members:
        yield Problem(("guilds", name), f"the guild '{name}' has nobody", "give a usergroup, or members")
    for index, member in enumerate(guild.members):
        if member in guild.members[:index]:
            yield Problem(("guilds", name, "members", index), f"'{member}' is listed twice")


def _unused(plan: Plan) -> Iterator[Problem]:
    """Names that nothing uses: most often the misspelt side of a name that is used."""
    parts = [part for _, part in walk(plan)]
    asked = {part.by for part in parts if isinstance(part, AttestProbe)}
    owners = {task.owner for phase in plan.phases for task in phase.tasks}
    quorums = {name for phase in plan.phases for name in phase.approvals.quorum}
    used = {
        "guild": asked | owners | quorums | {plan.run_by},
        "system": {part.system for part in parts if isinstance(part, _SYSTEM_USERS) and part.system},
        "rung": {name for phase in plan.phases for name in (*phase.rollback, *phase.partial)},
    }
    for what, names in (("guild", plan.guilds), ("system", plan.systems), ("rung", plan.rungs)):
        for name in set(names) - used[what]:
            remedy = did_you_mean(name, used[what] - set(names)) if used[what] - set(names) else "leave it out"
            yield Problem((f"{what}s", name), f"nothing uses the {what} '{name}'", remedy, at_key=True)


def _schedule(plan: Plan) -> Iterator[Problem]:
    phases = [phase.name for phase in plan.phases]
    last = 0
    for index, week in enumerate(plan.schedule):
        for place, name in enumerate(week.phases):
            yield from unknown(("schedule", index, "phases", place), "phase", name, phases)
        if week.week <= last:
            yield Problem(("schedule", index, "week"), f"week {week.week} does not come after week {last}")
        last = max(last, week.week)


def _audiences(plan: Plan) -> Iterator[Problem]:
    yield from repeated(("audiences",), "audience", (each.audience for each in plan.audiences))
    yield from repeated(("dashboards",), "dashboard", (each.dashboard for each in plan.dashboards))
    for index, audience in enumerate(plan.audiences):
        if audience.channel is not None:
            yield from misplaced_channel(("audiences", index, "channel"), audience.channel)
