"""Workers and speaker: a bug holds what it is about, and the loops go on."""

import asyncio

from bot.domain.rollout import State
from bot.jobs import working
from bot.jobs.working import Speaker, Workers
from bot.ports import Busy, LostLease
from tests.jobs.conftest import Troubled, ended_by_a_lost_lease, running, until


def breaking(walker, name):
    """Hands that break whenever they act for this rollout."""
    act = walker.stage.hands.act

    async def acted(step, phase, key, sealed):
        if key.startswith(f"{name}/"):
            raise KeyError("a bug")
        return await act(step, phase, key, sealed)

    walker.stage.hands.act = acted
    return act


def in_state(run, state):
    async def claim():
        return (await run()).state is state

    return claim


def held(run, words):
    async def claim():
        found = (await run()).hold
        return found is not None and words in found.reason

    return claim


class Noting:
    """Effects that only note whose turn it was."""

    def __init__(self):
        self.names = []

    async def advance(self, name):
        self.names.append(name)


async def test_a_write_sets_to_work_the_rollout_that_was_written_and_no_other(walker, workers, other, monkeypatch):
    monkeypatch.setattr(working, "LOOK_SECONDS", 60.0)
    await walker.begun()
    effects = Noting()
    workers = Workers(workers.rollouts, effects, workers.progress)

    async def all_of_them():
        return len(set(effects.names)) == 2

    async def one():
        return len(effects.names) == 1

    async with running(workers):
        await until(all_of_them)
        effects.names.clear()
        workers.ring_for("small-1")
        await until(one)
        assert effects.names == ["small-1"]
        effects.names.clear()
        workers.ring_for("small-1")
        workers.ring()
        await until(all_of_them)


async def test_a_bug_holds_its_rollout_and_others_go_on(walker, workers, other):
    await walker.begun()
    breaking(walker, "small-1")
    async with running(workers) as task:
        await until(held(walker.run, "the bot broke (KeyError)"))
        await until(in_state(other, State.SOAKING))
        assert not task.done()
    assert (await walker.seen()).intents[0].stage == "unknown", "whether it happened is for a human to say"


async def test_a_bug_on_the_way_back_holds_the_ladder_and_retry_goes_on(walker, workers):
    await walker.applied()
    name = (await walker.seen()).rollout.name
    await walker.stage.rollbacks.begin(name, "staging", "smoke", walker.runner)
    sound = breaking(walker, name)
    async with running(workers):
        await until(held(walker.run, "the bot broke (KeyError)"))
        walker.stage.hands.act = sound
        await walker.stage.rollbacks.retry(name, "staging", walker.runner)
        workers.ring()
        await until(in_state(walker.run, State.ROLLED_BACK))


async def test_a_bug_between_steps_holds_the_phase_under_way(walker, workers):
    await walker.begun()
    workers.effects = Troubled(walker.stage.effects, "advance", ValueError("a bug"))
    async with running(workers):
        await until(held(walker.run, "the bot broke (ValueError)"))


async def test_a_bug_without_any_step_holds_the_current_phase(walker, workers):
    await walker.applied()
    workers.effects = Troubled(walker.stage.effects, "advance", ValueError("a bug"))
    async with running(workers):
        await until(held(walker.run, "the bot broke while acting (ValueError)"))


async def test_a_busy_store_keeps_the_workers_waiting_only(walker, workers):
    await walker.begun()
    workers.rollouts = Troubled(walker.stage.rollouts, "live", Busy("held by another"))
    walker.stage.rollouts.troubles.append(Busy("held by another"))
    async with running(workers):
        async with asyncio.timeout(2):
            while not await in_state(walker.run, State.SOAKING)():
                workers.ring()
                await asyncio.sleep(0.01)
    assert set(walker.stage.hands.effects.values()) == {1}


async def test_a_lost_lease_ends_the_workers(walker, workers):
    await walker.begun()
    walker.stage.rollouts.troubles.append(LostLease("another process"))
    assert await ended_by_a_lost_lease(workers)


async def test_when_the_workers_end_nothing_goes_on_acting(walker, workers):
    await walker.begun()
    acting, stopped = asyncio.Event(), asyncio.Event()

    async def hang(step, phase, key, sealed):
        acting.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    walker.stage.hands.act = hang
    async with running(workers):
        await acting.wait()
    assert stopped.is_set()


class Voice:
    """Raises its troubles first, one a call, then counts what it sent."""

    def __init__(self, *troubles):
        self.troubles, self.sent = list(troubles), 0

    async def send_waiting(self):
        if self.troubles:
            raise self.troubles.pop(0)
        self.sent += 1
        return 1

    async def spoke(self):
        return self.sent > 0


async def test_neither_a_bug_nor_a_busy_store_silences_the_speaker():
    voice = Voice(ValueError("a bug"), Busy("held by another"))
    speaker = Speaker(voice.send_waiting)
    async with running(speaker):
        async with asyncio.timeout(2):
            while not voice.sent:
                speaker.ring()
                await asyncio.sleep(0.01)


async def test_the_speaker_speaks_when_it_is_rung():
    voice = Voice()
    speaker = Speaker(voice.send_waiting)
    async with running(speaker):
        await until(voice.spoke)
        before = voice.sent
        speaker.ring()
        async with asyncio.timeout(0.5):
            while voice.sent == before:
                await asyncio.sleep(0.01)


async def test_a_lost_lease_ends_the_speaker():
    assert await ended_by_a_lost_lease(Speaker(Voice(LostLease("another process")).send_waiting))
