"""A program for test_kills: forks writers on one database, one after the other, and kills each without warning."""

import asyncio
import os
import random
import signal
import sys
from contextlib import closing
from dataclasses import replace

from bot.ports import Change, Snapshot
from storage.opened import Memory, opened
from tests.storage.raw import Raw
from tests.storage.samples import NOW, PLAN, HandClock, opening, proposing


def closing_at_ten(seen: Snapshot) -> Change:
    """Ten changes a rollout, so that opening is killed too."""
    change = proposing(seen)
    last = change.rollout.version == 10
    return replace(change, rollout=replace(change.rollout, closed_at=NOW if last else None))


async def taken_later(url: str, memory: Memory) -> bool:
    """On a server only time tells that a writer is dead."""
    if url.startswith("sqlite"):
        return False
    with closing(Raw(url)) as raw:
        raw.age_lease(memory.lease.length)
    return await memory.lease.acquire() is not None


async def write_for_ever(url: str, told: int) -> None:
    async with opened(url, HandClock()) as memory:
        if await memory.lease.acquire() is None and not await taken_later(url, memory):
            raise SystemExit("a killed writer still holds the lease")
        while True:
            live = await memory.rollouts.live()
            name = live[0].rollout.name if live else ""
            change = await (
                memory.rollouts.change(name, closing_at_ten) if live else memory.rollouts.open(PLAN, opening)
            )
            os.write(told, f"{change.rollout.name} {change.rollout.version}\n".encode())


def kill_one(url: str, chance: random.Random) -> list[str]:
    """What a writer said was written before it was killed, at an instant after its first word."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(write_for_ever(url, told))
        finally:
            os._exit(1)
    os.close(told)
    with os.fdopen(heard) as words:
        said = [words.readline() for _ in range(chance.randrange(1, 15))]
        # Somewhere within the next change.
        signal.sigtimedwait([], chance.random() * 0.01)
        os.kill(child, signal.SIGKILL)
        said += words.readlines()
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"the writer ended by itself: {status}")
    return [line.strip() for line in said]


if __name__ == "__main__":
    seeded = random.Random(int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        print(*kill_one(sys.argv[1], seeded), sep="\n", flush=True)
