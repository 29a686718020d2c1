"""Crashes: the runner stopped at every beat boundary, started again, and nothing lost or doubled."""

from dataclasses import replace

import pytest

from bot.domain.entries import Happened
from bot.domain.quantities import Span
from bot.domain.rollout import State
from bot.ports import Beat
from bot.rehearsal.actions import Cue
from bot.rehearsal.pulse import RehearsalPulse, Stopped
from tests.conversations.conftest import COMMAND

RUNNER_BEATS = [beat for beat in Beat if beat.value.startswith(("intent", "effect"))]


async def until_idle(effects, name):
    while await effects.advance(name):
        continue


async def crash_and_return(walker, pulse):
    """Run until the pulse stops the process, then run a new runner on the same memory past the deadline."""
    name = (await walker.seen()).rollout.name
    dying = replace(walker.stage.effects, pulse=pulse)
    with pytest.raises(Stopped):
        await until_idle(dying, name)
    await walker.restarted()
    await walker.work()
    walker.stage.clock.advance(Span(minutes=30))
    await walker.work()


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("beat", RUNNER_BEATS)
async def test_a_crash_at_any_beat_loses_and_doubles_nothing(walker, beat, nth):
    await walker.begun()
    await crash_and_return(walker, RehearsalPulse(nth, beat))
    effects = walker.stage.hands.effects
    assert len(effects) == 3
    assert set(effects.values()) == {1}
    assert (await walker.run()).state is State.SOAKING
    assert (await walker.kinds()).count(Happened.PHASE_APPLIED) == 1


@pytest.mark.parametrize("beat", RUNNER_BEATS)
async def test_a_crash_on_the_way_back_ends_rolled_back(walker, beat):
    await walker.applied()
    name = (await walker.seen()).rollout.name
    await walker.stage.rollbacks.begin(name, "staging", "smoke", walker.runner)
    await crash_and_return(walker, RehearsalPulse(1, beat))
    assert (await walker.run()).state is State.ROLLED_BACK
    assert set(walker.stage.hands.effects.values()) == {1}


@pytest.mark.parametrize("cue", [Cue.CRASH_BEFORE, Cue.CRASH_AFTER])
async def test_a_crash_inside_the_effect_is_read_back_after_its_deadline(walker, cue):
    await walker.begun()
    name = (await walker.seen()).rollout.name
    walker.stage.hands.cues["*"] = cue
    with pytest.raises(Stopped):
        await walker.stage.effects.advance(name)
    await walker.work()
    assert (await walker.seen()).intents[0].stage == "claimed", "touched before its deadline"
    walker.stage.clock.advance(Span(minutes=30))
    await walker.work()
    assert (await walker.run()).state is State.SOAKING
    assert set(walker.stage.hands.effects.values()) == {1}


@pytest.mark.parametrize("cue", [Cue.LOSE_ANSWER, Cue.LOSE_REQUEST])
async def test_a_lost_answer_is_read_back(walker, cue):
    await walker.begun()
    walker.stage.hands.cues["*"] = cue
    await walker.work()
    if cue is Cue.LOSE_REQUEST:
        assert (await walker.run()).hold.step
        name = (await walker.seen()).rollout.name
        await walker.stage.rollbacks.retry(name, "staging", walker.runner)
        await walker.work()
    assert (await walker.run()).state is State.SOAKING
    assert set(walker.stage.hands.effects.values()) == {1}


async def test_an_effect_that_cannot_be_read_back_asks_a_human(walker):
    phase = replace(walker.plan.phases[0], steps=(COMMAND,))
    walker.plan = replace(walker.plan, phases=(phase, walker.plan.phases[1]))
    walker.shelf._plans = (walker.plan,)
    await walker.begun()
    name = (await walker.seen()).rollout.name
    walker.stage.hands.cues["*"] = Cue.CRASH_AFTER
    walker.stage.hands.unseen.add(f"{name}/staging/1/forward/0")
    with pytest.raises(Stopped):
        await walker.stage.effects.advance(name)
    walker.stage.clock.advance(Span(minutes=30))
    await walker.work()
    run = await walker.run()
    assert "did it happen?" in run.hold.reason
    await walker.stage.rollbacks.by_hand(name, "staging", run.hold.step, "I looked: it ran", walker.runner)
    await walker.work()
    assert (await walker.run()).state is State.SOAKING
    assert set(walker.stage.hands.effects.values()) == {1}


async def test_after_a_crash_the_bot_says_what_it_was_doing_and_does_not_know(walker):
    await walker.begun()
    name = (await walker.seen()).rollout.name
    walker.stage.hands.cues["*"] = Cue.CRASH_BEFORE
    with pytest.raises(Stopped):
        await walker.stage.effects.advance(name)
    await walker.restarted()
    ledger = walker.stage.rollouts._ledger
    last = (await ledger.entries(f"rollout/{name}"))[-1].entry
    assert last.kind is Happened.BOT_RESTARTED
    assert "Load the configuration" in last.facts["unknown"]
