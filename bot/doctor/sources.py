"""Sources: which gates and proofs of a plan would have nothing to read on this target, each read once now.

What the sandbox's systems have beyond the real ones (docs/sandbox.md) shows here when the bot stands before a real
target: a metric that its Prometheus does not know, a command that answers nothing.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.doctor.findings import Check, Finding, ok, skipped, warn
from bot.doctor.house import House
from bot.doctor.reading import Readers
from bot.domain.gates import Check as Proof
from bot.domain.gates import Gate
from bot.domain.plan import Phase, Plan
from bot.domain.probes import AttestProbe, EnvProbe, Probe
from bot.domain.steps import ByHandStep
from bot.domain.walking import walk

_AT_ONCE: Final = 4
_READS_WITHIN: Final = 60.0
_REMEDY: Final = "See that the target has it before this phase; until it reads, this is an error and never a pass."


@dataclass(frozen=True)
class _Source:
    """One reading, a phase in which it is made, and the gates and steps that use it."""

    probe: Probe
    phase: str
    users: list[str] = field(default_factory=list)


def checks(house: House) -> list[Check]:
    """For each plan what is measured, and what people have to attest."""
    found = []
    for plan in house.plans:
        found.append(Check(f"sources of {plan.name}", partial(sources, house, plan), _READS_WITHIN))
        found.append(Check(f"by hand in {plan.name}", partial(by_hand, plan)))
    return found


async def sources(house: House, plan: Plan) -> list[Finding]:
    """Read every measured gate and proof once; equal ones of a plan share one reading."""
    check = f"sources of {plan.name}"
    readers, running = Readers(house, plan), asyncio.Semaphore(_AT_ONCE)
    phases = {phase.name: readers.phase(phase.name) for phase in plan.phases}
    asked = [source for source in _sources(plan) if phases[source.phase] is not None]
    if not asked:
        return skipped(check, "variables or files that the plan names are missing")

    async def trouble(source: _Source) -> str:
        async with running:
            return (await readers.read(source.probe, phases[source.phase])).trouble

    troubles = await asyncio.gather(*map(trouble, asked))
    silent = [(source, told) for source, told in zip(asked, troubles, strict=True) if told]
    found = ok(check, f"{len(asked) - len(silent)} of {len(asked)} readings have a source")
    for source, told in silent:
        found += warn(check, f"{', '.join(source.users)}: {told}", _REMEDY)
    return found


async def by_hand(plan: Plan) -> list[Finding]:
    """What nothing measures and nobody but people can do: not a defect, but to be known before the start."""
    gates = sum(isinstance(part, AttestProbe) for phase in plan.phases for _, part in walk(phase))
    steps = sum(isinstance(part, ByHandStep) for _, part in walk(plan))
    return ok(f"by hand in {plan.name}", f"{gates} gates are attested by people, {steps} steps are theirs")


def _sources(plan: Plan) -> list[_Source]:
    found: dict[str, _Source] = {}
    for phase in plan.phases:
        for probe, user in _measured(phase, plan):
            # An `env` probe without a file means the phase's own.
            own = phase.name if isinstance(probe, EnvProbe) and probe.env is None else ""
            source = found.setdefault(f"{own} {probe!r}", _Source(probe, phase.name))
            if user not in source.users:
                source.users.append(user)
    return list(found.values())


def _measured(phase: Phase, plan: Plan) -> Iterator[tuple[Probe, str]]:
    rungs = {name: plan.rungs[name] for name in (*phase.rollback, *phase.partial) if name in plan.rungs}
    parts = [(phase.name, step) for step in phase.steps] + [(f"rung {name}", rung) for name, rung in rungs.items()]
    for gate in phase.gates:
        if not isinstance(gate.probe, AttestProbe):
            yield gate.probe, f"{phase.name}/{gate.gate}"
    for where, part in parts:
        for _, proof in walk(part):
            if isinstance(proof, Proof) and not isinstance(proof, Gate) and not isinstance(proof.probe, AttestProbe):
                yield proof.probe, f"{where} ({part.title})"
