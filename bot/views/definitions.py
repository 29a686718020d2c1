"""Definitions: what a plan says of a phase, in words: steps, gates, soak, repositories."""

import shlex
from typing import Final

from bot.domain.bounds import Alarm
from bot.domain.gates import Gate, OnFail, When
from bot.domain.plan import Due, Phase, Repositories, Soak
from bot.domain.probes import AttestProbe
from bot.domain.standing import length
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep, Step
from bot.views.text import code, count, escape

_NAMED: Final = 10
_FAILS: Final = {OnFail.ROLL_BACK: "rolls back", OnFail.HOLD: "holds", OnFail.TELL: "is told"}


def variables(env: str) -> int:
    """How many variables an env file declares."""
    lines = (line.strip() for line in env.splitlines())
    return sum("=" in line and not line.startswith("#") for line in lines)


def repositories(repos: Repositories) -> str:
    """Which repositories, by number and name; `all` is said in a word."""
    why = f" — {escape(repos.why)}" if repos.why else ""
    if repos.all:
        return f"Every repository{why}"
    names = ", ".join(code(each) for each in repos.only[:_NAMED])
    more = f" and {len(repos.only) - _NAMED} more" if len(repos.only) > _NAMED else ""
    share = f" (meant as {escape(repos.share)} of all)" if repos.share else ""
    number = count(len(repos.only), "repository", "repositories")
    return f"{number}{share}: {names}{more}{why}"


def soak_words(soak: Soak) -> str:
    return f"Soak: at least {length(soak.at_least)}, at most {length(soak.at_most)}"


def due_words(due: Due) -> str:
    return f"Due {length(due.wait)} after the proved deploy of {escape(due.after)}"


def gate_counts(phase: Phase) -> str:
    """How many gates are asked when, and how many of them nobody measures yet."""
    kinds = ", ".join(
        f"{number} at {when.value}" if when is not When.WATCH else f"{number} watched"
        for when in When
        if (number := sum(gate.at(when) for gate in phase.gates))
    )
    attested = sum(gate.attested for gate in phase.gates)
    apart = f"; {attested} attested, not measured" if attested else ""
    return f"{count(len(phase.gates), 'gate')}: {kinds}{apart}" if phase.gates else "No gates"


def step_words(step: Step) -> list[str]:
    """A step's title and what it runs, to the letter."""
    title = escape(step.title or step.kind)
    if isinstance(step, DeployStep):
        return [f"{title} — version {code(step.version)} of {escape(step.system)}", argv(step.argv)]
    if isinstance(step, CommandStep):
        return [title, argv(step.argv)]
    if isinstance(step, HttpStep):
        return [title, f"{code(f'{step.method} {step.path}')} at {escape(step.system)}"]
    if isinstance(step, RevertStep):
        return [f"{title} — the version of {escape(step.system)} that ran before"]
    if isinstance(step, FlagsStep):
        sets = [code(f"{key}={value}") for key, value in sorted(step.sets.items())]
        what = f"sets {', '.join(sets)}" if sets else f"loads {code(step.env)}" if step.env else "loads the phase's env"
        return [f"{title} — {what} at {escape(step.system)}"]
    return _by_hand(step, title)


def _by_hand(step: ByHandStep, title: str) -> list[str]:
    until = f" (until {step.until}: not available yet)" if step.until else ""
    return [f"{title} — by hand{until}", escape(step.instructions)]


def argv(words: tuple[str, ...]) -> str:
    return code(shlex.join(words))


def bound_words(gate: Gate) -> str:
    """What the gate asks for: its bound, its alarm, its samples; or whose word."""
    if isinstance(gate.probe, AttestProbe):
        until = f" until {gate.probe.until}" if gate.probe.until else ""
        return f"attested, not measured{until}: {escape(gate.probe.ask)} ({escape(gate.probe.by)})"
    alarm = f", alarm {_alarm(gate.alarm)}" if gate.alarm else ""
    samples = f", {gate.min_samples} samples or more" if gate.min_samples else ""
    return f"{escape(gate.bound)}{alarm}{samples}"


def _alarm(alarm: Alarm) -> str:
    above = f"above {alarm.above}" if alarm.above else ""
    below = f"below {alarm.below}" if alarm.below else ""
    return escape(" or ".join(part for part in (above, below) if part))


def gate_words(gate: Gate) -> str:
    """One gate: its name, what it asks, what a fail does, and why a bound was assumed."""
    fails = f"; a fail {_FAILS[gate.on_fail]}" if gate.at(When.WATCH) and not gate.attested else ""
    assumed = f" _assumed:_ {escape(gate.assumed)}" if gate.assumed else ""
    waivable = "; can be waived" if gate.waivable else ""
    title = f" {escape(gate.title)}:" if gate.title else ""
    return f"{code(gate.name)}{title} {bound_words(gate)}{fails}{waivable}{assumed}"
