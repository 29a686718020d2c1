"""Databases with open rollouts and waiting timers, written by the stores themselves before a clock starts."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.entries import Entry, Happened
from bot.domain.plan import Plan
from bot.domain.rollout import PhaseRun, Rollout, State
from bot.domain.timers import Timer, TimerKind
from bot.jobs.clock import WallClock
from bot.plans.library import PlanLibrary
from bot.plans.shelf import DiskShelf
from bot.ports import Change
from storage.opened import opened

KEY = "a key for benchmarks only"


def plans(folder: Path, count: int, phases: int = 1, people: Sequence[str] = ("U1",)) -> Path:
    """So many copies of a tiny plan, all of one channel; everybody may run them."""
    folder.mkdir()
    for number in range(count):
        named = [f"phase-{each}" for each in range(phases)]
        (folder / f"plan-{number}.yml").write_text(json.dumps(_plan(f"plan-{number}", named, people)))
    return folder


def _plan(name: str, phases: Sequence[str], people: Sequence[str]) -> Mapping[str, object]:
    return {
        "plan": name,
        "title": name,
        "channel": "#gitguard-rollout",
        "guilds": {"devops": {"members": list(people)}},
        "run_by": "devops",
        "systems": {},
        "phases": [_phase(each) for each in phases],
    }


def _phase(name: str) -> Mapping[str, object]:
    gate = {"gate": "looks-well", "title": "Looks well", "probe": {"kind": "attest", "ask": "Does it?", "by": "devops"}}
    return {
        "phase": name,
        "title": name.capitalize(),
        "objective": "Be held and resumed.",
        "approvals": {"quorum": {"devops": 1}},
        "soak": {"at_least": "24h", "at_most": "48h"},
        "gates": [gate],
    }


def seed(url: str, folder: Path, timers: int = 0) -> tuple[str, ...]:
    """Open a rollout of every plan, soaking; share out timers that are due in a month. The rollouts' names."""
    return asyncio.run(_seed(url, folder, timers))


async def _seed(url: str, folder: Path, timers: int) -> tuple[str, ...]:
    shelf = DiskShelf(PlanLibrary(folder.parent, folder, {}, KEY.encode()))
    names = []
    async with opened(url, WallClock()) as memory:
        await memory.lease.acquire()
        found = shelf.plans()
        assert not shelf.library.faults()
        for plan in found:
            opening = _opening(plan, shelf, timers // len(found))
            change = await memory.rollouts.open(plan, opening)
            assert isinstance(change, Change)
            names.append(change.rollout.name)
    return tuple(names)


def _opening(plan: Plan, shelf: DiskShelf, timers: int) -> Callable[[str], Change]:
    resolved = [shelf.resolve(plan, phase.name) for phase in plan.phases]
    now = datetime.now(UTC)
    runs = tuple(
        PhaseRun(copy.phase.name, State.SOAKING, 1, digest, "U1", "U1", changed_at=now, applied_at=now)
        for copy, digest in resolved
    )
    first = runs[0].phase

    def decide(name: str) -> Change:
        rollout = Rollout(name, plan.name, runs, "U1", now)
        due = now + timedelta(days=30)
        waiting = tuple(
            Timer(f"{name}/{first}/1/gate/{number}", TimerKind.READ_GATE, due, name, first, 1, f"gate-{number}")
            for number in range(timers)
        )
        opened_entry = Entry(Happened.ROLLOUT_OPENED, "U1")
        return Change(rollout, (opened_entry,), copies=tuple(copy for copy, _ in resolved), timers=waiting)

    return decide
