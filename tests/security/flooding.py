"""Two processes of a flood: the server that stands in it, and the one that pours it out, told by lines what to do."""

import asyncio
import json
import sys
import time
from dataclasses import replace

import structlog

from bot.domain.people import Person
from commands.fairness import Fairness
from tests.commands.conftest import ENGINEER, PEOPLE
from tests.security.signed import Counted, Wire, acting, plan, typed

LANES = 16
MEMBERS = frozenset({"devops"})
OTHERS = {user: Person(user, user, MEMBERS) for user in (f"U1P{number:05d}" for number in range(5_000))}


async def serve(database):
    """A server with production's own limits, until nobody listens any more."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    async with acting(database, [plan()], PEOPLE | OTHERS, Fairness(time.monotonic)) as house:
        house.server.slow.rate = type(house.server.slow).rate
        print(house.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def pour(port):
    """For each line `KIND COUNT`, so many requests of one person over 16 connections; answers with the statuses."""
    wires, poured = [Wire(port) for _ in range(LANES)], 0
    while line := await asyncio.to_thread(sys.stdin.readline):
        kind, count = line.split()
        statuses, refusals = Counted(), 0
        waiting = [f"flood-{poured + number}" for number in range(int(count))]
        poured += len(waiting)

        async def work(wire, kind=kind, statuses=statuses, waiting=waiting):
            nonlocal refusals
            while waiting:
                request = typed("status", waiting.pop(), ENGINEER)
                if kind == "unsigned":
                    request = replace(request, headers=(*request.headers[:1], ("X-Slack-Signature", "v0=" + "0" * 64)))
                status, body = await wire.send(request)
                statuses.add(status)
                refusals += "faster than I can answer" in body

        began = time.monotonic()
        await asyncio.gather(*(work(wire) for wire in wires))
        told = {"statuses": statuses.by_status, "refusals": refusals, "seconds": time.monotonic() - began}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[2]) if sys.argv[1] == "serve" else pour(int(sys.argv[2])))
