"""The watch on the twins: what failing, silent and recovering gates do."""

from bot.domain.entries import Happened
from bot.domain.posts import Place
from bot.domain.quantities import Span
from bot.domain.rollout import State
from bot.rehearsal.actions import Cue


async def test_a_failing_gate_counts_down_and_then_rolls_back_by_itself(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(minutes=2), Span(seconds=10))
    await walker.work()
    run = await walker.run()
    kinds = await walker.kinds()
    assert run.state is State.ROLLED_BACK
    assert "error-rate failed" in run.locked
    assert kinds.index(Happened.COUNTDOWN_BEGAN) < kinds.index(Happened.ROLLBACK_BEGAN)


async def test_a_signal_that_recovers_stops_the_countdown(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(seconds=10), Span(seconds=10))
    assert (await walker.run()).countdown is not None
    walker.stage.probes.gate_reads("error-rate", 0.01)
    await walker.pass_time(Span(minutes=2), Span(seconds=10))
    run = await walker.run()
    assert (run.state, run.countdown) == (State.SOAKING, None)
    assert Happened.COUNTDOWN_STOPPED in await walker.kinds()


async def test_snooze_puts_the_rollback_off(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(seconds=10), Span(seconds=10))
    name = (await walker.seen()).rollout.name
    await walker.stage.rollbacks.snooze(name, "staging", walker.runner)
    await walker.pass_time(Span(minutes=5))
    assert (await walker.run()).state is State.SOAKING
    await walker.pass_time(Span(minutes=7))
    assert (await walker.run()).state is State.ROLLING_BACK


async def test_a_silent_gate_never_rolls_back_and_holds_after_its_patience(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("error-rate", None)
    await walker.pass_time(Span(minutes=3))
    assert (await walker.run()).hold is None
    await walker.pass_time(Span(minutes=3))
    run = await walker.run()
    assert run.state is State.SOAKING
    assert "could not be measured" in run.hold.reason


async def test_nan_is_an_error_not_a_pass(walker):
    walker.stage.probes.gate_reads("error-rate", float("nan"))
    await walker.applied()
    await walker.pass_time(Span(minutes=2))
    run = await walker.run()
    assert (await walker.seen()).board.standing(run, "error-rate").verdict.outcome == "error"


async def test_on_fail_hold_holds(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("health", 500)
    await walker.pass_time(Span(minutes=2))
    run = await walker.run()
    assert run.state is State.SOAKING
    assert run.hold.reason.startswith("health failed")


async def test_a_gate_that_was_bad_before_the_phase_is_not_blamed_on_it(walker):
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.start()
    await walker.pass_time(Span(minutes=1))
    await walker.approve()
    await walker.start()
    await walker.work()
    await walker.pass_time(Span(minutes=10))
    run = await walker.run()
    standing = (await walker.seen()).board.standing(run, "error-rate")
    assert (run.state, run.countdown, standing.bad_before) == (State.SOAKING, None, True)


async def test_ready_falls_back_when_a_gate_no_longer_passes(walker):
    await walker.applied()
    await walker.attest()
    await walker.pass_time(Span(hours=4, minutes=1))
    assert (await walker.run()).state is State.READY
    walker.stage.probes.gate_reads("error-rate", None)
    await walker.pass_time(Span(minutes=2))
    assert (await walker.run()).state is State.SOAKING


async def test_the_last_passed_phase_stays_watched(walker):
    await walker.applied()
    await walker.attest()
    await walker.pass_time(Span(hours=4, minutes=1))
    name = (await walker.seen()).rollout.name
    await walker.stage.progress.promote(name, "staging", walker.runner)
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(minutes=3), Span(seconds=10))
    await walker.work()
    assert (await walker.run()).state is State.ROLLED_BACK


async def test_a_phase_that_takes_too_long_holds_once(walker):
    await walker.applied()
    await walker.pass_time(Span(hours=25), Span(minutes=5))
    run = await walker.run()
    assert "did not become ready within 24h" in run.hold.reason
    name = (await walker.seen()).rollout.name
    await walker.stage.progress.resume(name, "staging", walker.runner)
    await walker.pass_time(Span(hours=1), Span(minutes=5))
    assert (await walker.run()).hold is None


async def test_the_rungs_run_in_order_and_a_by_hand_rung_never_blocks(walker):
    await walker.applied()
    name = (await walker.seen()).rollout.name
    await walker.stage.rollbacks.begin(name, "staging", "I saw smoke", walker.people["security-0"])
    await walker.work()
    back = [each for each in (await walker.seen()).intents if each.ladder == "back"]
    assert [each.rung for each in back] == ["off", "off", "replay", "revert"]
    assert [each.stage for each in back] == ["done", "done", "by_hand", "done"]
    assert (await walker.run()).state is State.ROLLED_BACK


async def test_a_rung_that_does_not_verify_holds_the_ladder_until_retried(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("health", 503)
    name = (await walker.seen()).rollout.name
    await walker.stage.rollbacks.begin(name, "staging", "smoke", walker.runner)
    await walker.work()
    run = await walker.run()
    assert run.state is State.ROLLING_BACK
    assert "not verified" in run.hold.reason
    walker.stage.probes.forget()
    await walker.stage.rollbacks.retry(name, "staging", walker.runner)
    await walker.work()
    assert (await walker.run()).state is State.ROLLED_BACK


async def test_a_failed_step_holds_and_can_be_retried(walker):
    await walker.begun()
    name = (await walker.seen()).rollout.name
    walker.stage.hands.cues["*"] = Cue.FAIL
    await walker.work()
    run = await walker.run()
    assert (run.state, bool(run.hold.step)) == (State.STARTING, True)
    await walker.stage.rollbacks.retry(name, "staging", walker.runner)
    await walker.work()
    assert (await walker.run()).state is State.SOAKING
    assert set(walker.stage.hands.effects.values()) == {1}


async def test_a_whole_phase_says_at_most_six_things_in_the_channel(walker):
    await walker.applied()
    await walker.attest()
    await walker.pass_time(Span(hours=4, minutes=1))
    name = (await walker.seen()).rollout.name
    await walker.stage.progress.promote(name, "staging", walker.runner)
    posts = walker.stage.rollouts._outbox.posts
    top = [post for post in posts if post.place in {Place.CARD, Place.CHANNEL}]
    assert len(top) <= 6, [post.topic for post in top]
