"""A bot that was stopped for three days does what the late policies say: no burst, no credit, no surprise."""

from datetime import timedelta

from bot.domain.entries import Happened
from bot.domain.posts import Place
from bot.domain.quantities import Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import State

THREE_DAYS = timedelta(days=3)


async def stopped_for_three_days(walker):
    """Nobody fires anything; then a new process says that it is back, and sweeps."""
    walker.stage.clock.advance(THREE_DAYS)
    told = len(walker.stage.rollouts._outbox.posts)
    entries = len(await walker.kinds())
    await walker.restarted()
    await walker.pass_time(Span(minutes=1), Span(seconds=20))
    posts = walker.stage.rollouts._outbox.posts[told:]
    return (await walker.kinds())[entries:], [post for post in posts if post.place is not Place.CARD]


async def test_a_soak_gets_no_credit_for_days_that_nobody_watched(walker):
    await walker.applied()
    await walker.attest()
    await walker.pass_time(Span(hours=1))
    before = (await walker.seen()).board.soaked(await walker.run()).earned
    kinds, posts = await stopped_for_three_days(walker)
    run = await walker.run()
    earned = (await walker.seen()).board.soaked(run).earned
    assert before > timedelta(minutes=50)
    assert earned - before < timedelta(minutes=10), "only what the last verdicts covered, and the minute since"
    assert run.state is State.SOAKING
    assert "did not become ready within" in run.hold.reason
    assert kinds.count(Happened.PHASE_HELD) == 1
    assert len(posts) <= 3, [post.topic for post in posts]


async def test_a_request_expires_once_and_nobody_is_reminded_of_it(walker):
    await walker.start()
    kinds, posts = await stopped_for_three_days(walker)
    assert kinds.count(Happened.APPROVAL_EXPIRED) == 1
    assert not [kind for kind in kinds if "Remind" in kind]
    assert [post.topic for post in posts if post.place is Place.CHANNEL] == [Happened.APPROVAL_EXPIRED]
    name = (await walker.seen()).rollout.name
    late = await walker.stage.proposals.approve(name, "staging", "devops", "", walker.people["devops-0"])
    assert isinstance(late, Refusal)


async def test_a_yes_from_before_does_not_start_anything_after(walker):
    await walker.start()
    await walker.approve()
    await stopped_for_three_days(walker)
    started = await walker.start()
    assert (await walker.run()).state is not State.STARTING, started
    assert not walker.stage.hands.attempts


async def counting_down(walker):
    await walker.applied()
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(seconds=10), Span(seconds=10))
    assert (await walker.run()).countdown is not None


async def test_a_countdown_that_ran_out_unseen_looks_again_before_it_goes_back(walker):
    await counting_down(walker)
    walker.stage.probes.gate_reads("error-rate", 0.01)
    kinds, _ = await stopped_for_three_days(walker)
    assert Happened.ROLLBACK_BEGAN not in kinds
    assert Happened.COUNTDOWN_STOPPED in kinds
    assert (await walker.run()).state is State.SOAKING


async def test_a_countdown_whose_gate_is_still_bad_goes_back_late(walker):
    await counting_down(walker)
    kinds, _ = await stopped_for_three_days(walker)
    assert kinds.count(Happened.ROLLBACK_BEGAN) == 1
    assert (await walker.run()).state in {State.ROLLING_BACK, State.ROLLED_BACK}
