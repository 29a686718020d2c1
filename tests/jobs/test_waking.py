"""The waker: what is due fires, whatever broke, hung, jumped or was missed."""

import asyncio
from dataclasses import replace

from bot.domain.quantities import Span
from bot.domain.rollout import State
from bot.domain.timers import TimerKind
from bot.jobs import waking
from bot.ports import Busy, LostLease
from tests.jobs.conftest import Troubled, ended_by_a_lost_lease, running, until


def read(walker, gate="health"):
    async def claim():
        return (await walker.seen()).board.standing(await walker.run(), gate) is not None

    return claim


async def test_what_is_due_at_the_start_fires(walker, waker):
    await walker.applied()
    async with running(waker):
        await until(read(walker))


async def test_a_timer_fires_when_its_moment_comes(walker, waker, ticking):
    await walker.start()
    due = next(each.due_at for each in walker.stage.timers.all if each.kind is TimerKind.APPROVAL_EXPIRY)
    ticking.clock.advance(due - ticking.now() - Span(seconds=0.4))
    await walker.stage.firing.sweep()  # the reminders that fell due before it
    assert (await walker.stage.timers.next_due())[0] == due

    async def armed():
        return waker._scheduler.get_job("next") is not None

    async def expired():
        return (await walker.run()).state is State.ABORTED

    async with running(waker):
        await until(armed)
        ticking.clock.advance(Span(seconds=0.4))
        await until(expired)


async def test_a_jump_of_the_clock_fires_what_it_leapt_over(walker, waker, ticking):
    await walker.start()

    async def expired():
        return (await walker.run()).state is State.ABORTED

    async with running(waker):
        await until(read(walker))
        ticking.jump(Span(hours=24))
        await until(expired)


async def test_a_sweep_finds_what_nobody_rang_for(walker, waker, monkeypatch):
    monkeypatch.setattr(waking, "SWEEP_SECONDS", 0.1)
    await walker.start()
    async with running(waker):
        await until(read(walker))
        await walker.work()
        asked = len(walker.stage.probes.asked)
        await walker.stage.gates.ask_now((await walker.seen()).rollout.name, await walker.run(), walker.runner)

        async def asked_again():
            return len(walker.stage.probes.asked) > asked

        await until(asked_again)


async def test_a_busy_store_does_not_stop_the_waker(walker, waker):
    await walker.applied()
    firing = walker.stage.firing
    waker.firing = replace(firing, timers=Troubled(firing.timers, "due", Busy("held by another"), Busy("still")))
    async with running(waker):
        for _ in range(3):
            await asyncio.sleep(0)
            waker.ring()
        async with asyncio.timeout(2):
            while not await read(walker)():
                waker.ring()
                await asyncio.sleep(0.05)


async def test_a_busy_store_at_the_record_lets_the_timer_come_again(walker, waker, ticking):
    await walker.applied()
    walker.stage.rollouts.troubles.append(Busy("held by another"))
    async with running(waker):

        async def put_off():
            return not walker.stage.rollouts.troubles and not waker._under_way

        await until(put_off)
        ticking.jump(Span(seconds=6))
        await until(read(walker))


def broken():
    raise KeyError("a bug")


async def test_a_bug_at_one_rollouts_gate_holds_it_and_others_go_on(walker, waker, workers, other):
    await walker.applied()
    name = (await other_name(walker)).rollout.name
    while await walker.stage.effects.advance(name):
        continue
    walker.stage.probes.gate_reads("error-rate", broken)
    probes = walker.stage.gates.probes
    healthy = Troubled(probes, "none")

    async def read_by_plan(probe, phase, at):
        if phase.plan == "other":
            probes.forget()
        else:
            probes.gate_reads("error-rate", broken)
        return await probes.read(probe, phase, at)

    healthy.read = read_by_plan
    gates = replace(walker.stage.gates, probes=healthy)
    waker.firing = replace(walker.stage.firing, gates=gates)

    async def held():
        run = await walker.run()
        return run.hold is not None and "the bot broke at a timer (read-gate, KeyError)" in run.hold.reason

    async def others_read():
        seen = await walker.stage.rollouts.load(name)
        return seen.board.standing(await other(), "health") is not None

    async with running(waker) as task:
        await until(held)
        await until(others_read)
        assert not task.done()
    assert (await other()).hold is None


async def other_name(walker):
    return (await walker.stage.rollouts.live("other"))[0]


async def test_a_gate_that_hangs_keeps_no_other_timer_waiting_and_is_not_asked_twice(walker, waker, ticking):
    asked = []

    async def hang(probe, phase, at):
        asked.append(probe)
        await asyncio.Event().wait()

    walker.stage.probes.read = hang
    await walker.start()

    async def hanging():
        return len(asked) == 2

    async def expired():
        return (await walker.run()).state is State.ABORTED

    async with running(waker):
        await until(hanging)
        ticking.jump(Span(hours=24))  # their claims run out as well
        await until(expired)
    assert len(asked) == 2


async def test_a_lost_lease_ends_the_waker(walker, waker):
    await walker.applied()
    firing = walker.stage.firing
    waker.firing = replace(firing, timers=Troubled(firing.timers, "due", LostLease("another process")))
    assert await ended_by_a_lost_lease(waker)


async def test_what_a_bug_left_unfinished_is_tried_again_in_a_minute(walker, waker, ticking):
    await walker.applied()
    walker.stage.probes.gate_reads("error-rate", broken)

    async def held():
        return (await walker.run()).hold is not None

    async with running(waker):
        await until(held)
        walker.stage.probes.forget()
        assert [timer for timer in walker.stage.timers.all if timer.kind is TimerKind.READ_GATE]
        ticking.jump(Span(seconds=61))
        await until(read(walker))
