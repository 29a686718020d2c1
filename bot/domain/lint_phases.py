"""Lint of phases: their order, approvals, soaks, repositories, tasks and ladders."""

from collections.abc import Iterator

from bot.domain.gates import OnFail, When
from bot.domain.plan import Phase, Plan, Repositories
from bot.domain.problems import Problem, repeated, unknown
from bot.domain.steps import DeployStep, RevertStep
from bot.domain.walking import Path


def phase_problems(plan: Plan) -> Iterator[Problem]:
    if not plan.phases:
        yield Problem(("phases",), "a plan needs at least one phase")
    yield from repeated(("phases",), "phase", (phase.name for phase in plan.phases))
    for index, phase in enumerate(plan.phases):
        path: Path = ("phases", index)
        yield from _order(plan, phase, index)
        yield from _approvals(plan, phase, path)
        yield from _soak(phase, path)
        if phase.repos:
            yield from _repositories(phase.repos, (*path, "repos"))
        yield from _ladder(plan, phase, path)
        yield from _gates(phase, path)
        yield from _tasks(plan, phase, path)


def _order(plan: Plan, phase: Phase, index: int) -> Iterator[Problem]:
    earlier = [each.name for each in plan.phases[:index]]
    named = [(("phases", index, "after"), phase.after)]
    if phase.due:
        named.append((("phases", index, "due", "after"), phase.due.after))  # type: ignore[arg-type] # a longer path
    for path, name in named:
        if name is None or name in earlier:
            continue
        if any(each.name == name for each in plan.phases):
            yield Problem(
                path, f"the phase '{name}' does not come before '{phase.name}'", "phases stand in their order"
            )
        else:
            yield from unknown(path, "phase", name, (each.name for each in plan.phases))


def _approvals(plan: Plan, phase: Phase, path: Path) -> Iterator[Problem]:
    quorum = phase.approvals.quorum
    where = (*path, "approvals", "quorum")
    if not quorum:
        yield Problem(where, "nobody would have to approve", "name at least one guild, such as {devops: 1}")
    for name, wanted in quorum.items():
        yield from unknown((*where, name), "guild", name, plan.guilds, at_key=True)
        guild = plan.guilds.get(name)
        if wanted < 1:
            yield Problem(
                (*where, name), f"a quorum of {wanted} asks nobody", "write 1 or more, or leave the guild out"
            )
        elif guild and guild.members and not guild.usergroup and wanted > len(guild.members):
            has = len(guild.members)
            yield Problem((*where, name), f"'{name}' has {has} members and can never give {wanted} approvals")
    if not phase.approvals.expires:
        yield Problem((*path, "approvals", "expires"), "an approval that expires at once never stands")


def _soak(phase: Phase, path: Path) -> Iterator[Problem]:
    if phase.soak and phase.soak.at_least > phase.soak.at_most:
        says = f"the soak takes at least {phase.soak.at_least} and holds after {phase.soak.at_most}"
        yield Problem((*path, "soak", "at_most"), says, "at_most is the longer one")


def _repositories(repos: Repositories, path: Path) -> Iterator[Problem]:
    if repos.all and repos.only:
        yield Problem((*path, "all"), "both a list and every repository are named", "keep only: or all: true")
    elif not repos.all and not repos.only:
        says = "an empty list means every repository"
        yield Problem((*path, "only"), says, "write all: true if you mean that, or name the repositories")
    for index, name in enumerate(repos.only):
        if name in repos.only[:index]:
            yield Problem((*path, "only", index), f"'{name}' is listed twice")
        elif not name.strip() or "," in name:
            yield Problem((*path, "only", index), f"'{name}' is not one repository", "one name on each line")


def _ladder(plan: Plan, phase: Phase, path: Path) -> Iterator[Problem]:
    deployed = {step.system for step in phase.steps if isinstance(step, DeployStep)}
    for index, name in enumerate(phase.partial):
        yield from unknown((*path, "partial", index), "rung", name, plan.rungs)
    for index, name in enumerate(phase.rollback):
        where = (*path, "rollback", index)
        yield from unknown(where, "rung", name, plan.rungs)
        if name in phase.rollback[:index]:
            yield Problem(where, f"the rung '{name}' stands twice in this ladder")
        rung = plan.rungs.get(name)
        for step in rung.steps if rung else ():
            if isinstance(step, RevertStep) and step.system not in deployed:
                says = f"the rung '{name}' reverts '{step.system}', which this phase does not deploy"
                yield Problem(where, says, "only a deploy step seals a version to go back to")


def _gates(phase: Phase, path: Path) -> Iterator[Problem]:
    yield from repeated((*path, "gates"), "gate", (gate.name for gate in phase.gates))
    for index, gate in enumerate(phase.gates):
        if gate.at(When.WATCH) and gate.on_fail is OnFail.ROLL_BACK and not phase.rollback:
            says = f"'{gate.name}' would roll back a phase that has no ladder"
            yield Problem((*path, "gates", index, "on_fail"), says, "name the rungs under rollback:")


def _tasks(plan: Plan, phase: Phase, path: Path) -> Iterator[Problem]:
    yield from repeated((*path, "tasks"), "task", (task.name for task in phase.tasks))
    for index, task in enumerate(phase.tasks):
        yield from unknown((*path, "tasks", index, "owner"), "guild", task.owner, plan.guilds)
