"""A program for test_full_disk: starts a phase on a real database again and again, the disk full from the nth write on.

Run with the shim of full_disk.c preloaded: FULL_FROM is set for each child, which makes FULL_FREED once it has been
refused a few times. Prints one line of JSON for each child.
"""

import asyncio
import json
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.plans.canonical import digest
from bot.ports import Busy
from bot.rehearsal.pulse import RehearsalPulse
from bot.rehearsal.shelf import RehearsalShelf
from bot.rehearsal.walk import stage_for
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks
from storage.opened import opened
from tests.conversations.conftest import small_plan

REFUSALS = 3  # before somebody makes room
ROUNDS = 60


class Insisting:
    """The store as the runner has it: asks again what was refused, counts the refusals, and makes room in the end."""

    def __init__(self, store, freed):
        self.store, self.freed, self.refused = store, freed, 0

    def __getattr__(self, name):
        async def insist(*args):
            for _ in range(ROUNDS):
                try:
                    return await getattr(self.store, name)(*args)
                except Busy:
                    self.refused += 1
                    if self.refused == REFUSALS:
                        self.freed.touch()
            raise AssertionError("refused for ever")

        return insist


@dataclass
class Attempt:
    """One start, carried on by a person who tries again, and then taken back."""

    memory: object
    stage: object
    shelf: object
    freed: Path

    def __post_init__(self):
        stage, store = self.stage, Insisting(self.memory.rollouts, self.freed)
        self.store = store
        gates = Gates(store, self.memory.timers, self.shelf, stage.probes, stage.clock)
        directory, sheet = stage.proposals.directory, stage.proposals.sheet
        self.proposals = Proposals(store, self.shelf, directory, sheet, stage.clock)
        self.rollbacks = Rollbacks(store, gates, stage.clock)
        self.effects = Effects(store, self.shelf, directory, stage.probes, stage.hands, stage.clock, RehearsalPulse())

    async def run(self):
        people, plan = self.stage.people, self.stage.plan
        await self.proposals.start(plan, "staging", people["runner"])
        name = (await self.memory.rollouts.live(plan.name))[0].rollout.name
        for guild in ("devops", "security"):
            await self.proposals.approve(name, "staging", guild, "", people[f"{guild}-0"])
        await self.proposals.start(plan, "staging", people["runner"])
        while await self.effects.advance(name):
            continue
        back = await self.rollbacks.begin(name, "staging", "the disk was full", people["runner"])
        assert not isinstance(back, Refusal), back
        for _ in range(ROUNDS):
            while await self.effects.advance(name):
                continue
            run = (await self.memory.rollouts.load(name)).rollout.run("staging")
            if run.state is State.ROLLED_BACK:
                break
            await self.by_hand(name)
        return {"state": run.state.value, "refused": self.store.refused, "effects": self.stage.hands.effects}

    async def by_hand(self, name):
        seen = await self.memory.rollouts.load(name)
        waiting = [each for each in seen.intents if each.stage.value == "waiting"]
        for each in waiting:
            person = self.stage.people["devops-0"]
            await self.rollbacks.by_hand(name, "staging", each.id, "I replayed them.", person)


async def one(folder, number):
    stage = stage_for(small_plan(), folder, lambda _line: None)
    (folder / "staging.env").write_text("ON=true\n")
    freed, counted = Path(os.environ["FULL_FREED"]), Path(os.environ["FULL_COUNTED"])
    shelf = RehearsalShelf([stage.plan], files={"staging.env": "ON=true\n"}, digest=digest)
    async with opened(f"sqlite:///{folder}/full.db", stage.clock) as memory:
        await memory.lease.acquire()
        os.environ["FULL_FROM"] = str(number)
        counted.touch()
        return await Attempt(memory, stage, shelf, freed).run()


def child(root, number):
    folder = Path(root) / str(number)
    folder.mkdir()
    os.environ |= {
        "FULL_PATH": str(folder / "full.db"),
        "FULL_FREED": str(folder / "freed"),
        "FULL_COUNTED": str(folder / "counted"),
    }
    try:
        told = asyncio.run(one(folder, number))
    except BaseException:  # noqa: BLE001 - the parent is told whatever it was
        told = {"broke": traceback.format_exc()}
    os.write(1, (json.dumps({"n": number, **told}) + "\n").encode())


if __name__ == "__main__":
    for each in sys.argv[2:]:
        pid = os.fork()
        if pid == 0:
            child(sys.argv[1], int(each))
            os._exit(0)
        os.waitpid(pid, 0)
