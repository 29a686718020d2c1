"""Replays: what is delivered again, by whomever and to whichever process, is done once."""

import asyncio

from tests.security.counts import counted, dice
from tests.security.signed import Counted, Wire, acting, again, happened, house, plan, typed

HELD, RESUMED = "PhaseHeld", "PhaseResumed"
TIMES = 10
AT_ONCE = 8


async def send_all(ports, requests, statuses):
    """Several at a time, over several connections, each to the next of the ports."""
    waiting = list(enumerate(requests))[::-1]

    async def work():
        wires = [Wire(port) for port in ports]
        while waiting:
            number, request = waiting.pop()
            status, body = await wires[number % len(wires)].send(request)
            statuses.add(status)
            said.append(body)
        for wire in wires:
            await wire.close()

    said = []
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return said


def captures(number):
    """Holds and resumes by turns: each is an effect of its own, and a late one would be done if it were let in."""
    for each in range(number):
        text = "resume" if each % 2 else f"hold for the {each}th time"
        yield typed(text, f"capture-{each}")


@counted(1_000)
async def test_captured_requests_replayed_over_a_restart_and_to_both_processes_are_done_once(
    tmp_path, cases, record_property
):
    made, statuses, database = dice(), Counted(), tmp_path / "rollout.db"
    standby = await house(database, [plan()])
    try:
        async with acting(database, [plan()]) as active:
            wire = Wire(active.port)
            assert (await wire.send(typed("start staging", "first")))[0] == 200
            captured = list(captures(cases))
            for request in captured:
                status, body = await wire.send(request)
                assert status == 200
                assert "Recorded" in body, body
            assert happened(database, HELD, RESUMED) == cases
            both = active.port, standby.port
            await send_all(both, made.spread(captured, cases * 3), statuses)
            await wire.close()
        async with acting(database, [plan()]) as restarted:
            # As they were captured, and signed anew as a sender of the same delivery would.
            later = [again(each, 30) for each in captured]
            said = await send_all((restarted.port,), made.spread([*captured, *later], cases * 4), statuses)
            assert all("is not done twice" in body for body in said), next(b for b in said if "not done twice" not in b)
        await standby.act()
        await send_all((standby.port,), made.spread(captured, cases * 3), statuses)
        assert happened(database, HELD, RESUMED) == cases
    finally:
        await standby.stop()
    sent = sum(statuses.by_status.values())
    assert sent == cases * TIMES
    assert set(statuses.by_status) == {200, 503}
    record_property(
        "figure", f"{cases} captured x {TIMES} = {sent} replays ({statuses}): {cases} effects; {made.seed=}"
    )


@counted(1_000)
async def test_payloads_delivered_up_to_four_times_in_random_order_are_done_once(tmp_path, cases, record_property):
    made, statuses, database = dice(), Counted(), tmp_path / "rollout.db"
    rooms = [plan(f"C0ROOM{room:03d}", f"plan-{room}") for room in range(max(cases // 20, 5))]
    async with acting(database, rooms) as active:
        for room in rooms:
            await send_all(
                (active.port,), [typed("start staging", f"start-{room.plan}", channel=room.channel)], Counted()
            )
        # People act one after the other in a room; what Slack delivers again comes in between, at any time after.
        turns = [(room, turn) for turn in range(cases // len(rooms)) for room in rooms]
        payloads = [
            typed("resume" if turn % 2 else f"hold {turn}", f"{room.plan}-{turn}", channel=room.channel)
            for room, turn in turns
        ]
        repeats = [
            (number + made.random.randrange(1, cases), again(payload, made.random.randrange(-200, 200)))
            for number, payload in enumerate(payloads)
            for _ in range(made.random.randrange(4))
        ]
        firsts = list(enumerate(payloads))
        order = [each for _, each in sorted([*firsts, *repeats], key=lambda each: each[0])]
        wire = Wire(active.port)
        for some in (order[at : at + 7] for at in range(0, len(order), 7)):
            first, *rest = some
            statuses.add((await wire.send(first))[0])
            firsts_of_these = [each for each in rest if each in payloads]
            for each in firsts_of_these:
                statuses.add((await wire.send(each))[0])
            await send_all((active.port,), [each for each in rest if each not in payloads], statuses)
        await wire.close()
        effects = happened(database, HELD, RESUMED)
    record_property(
        "figure", f"{len(payloads)} payloads in {len(order)} deliveries ({statuses}): {effects} effects; {made.seed=}"
    )
    assert effects == len(payloads)
    assert set(statuses.by_status) == {200}
