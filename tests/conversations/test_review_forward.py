"""What may go wrong on the way forward: requests made anew, old readings, stale looks, steps by hand."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.approvals import Approval
from bot.domain.entries import Happened
from bot.domain.intents import Stage
from bot.domain.plan import Soak
from bot.domain.quantities import Span
from bot.domain.rollout import State
from bot.domain.steps import ByHandStep
from bot.domain.timers import Timer, TimerKind
from bot.ports import Change
from bot.rehearsal.actions import Cue
from tests.conversations.conftest import error_rate
from tests.conversations.test_review import name_of, on_disk, passed, with_phase

# ---------------------------------------------------------------- requests


async def changed(walker, **fields):
    await walker.start()
    await walker.approve()
    await walker.stage.firing.sweep()
    with_phase(walker, **fields)
    answer = await walker.start()
    assert answer.entries[0].kind is Happened.PROPOSAL_CHANGED


async def test_a_request_that_was_made_anew_expires_visibly(walker):
    await walker.start()
    walker.stage.clock.advance(Span(hours=20))
    walker.shelf.files["staging.env"] = "ON=false\n"
    await walker.start()
    for _ in range(2):
        walker.stage.clock.advance(Span(hours=13))
        await walker.stage.firing.sweep()
    assert (await walker.run()).state is State.ABORTED


async def test_what_was_read_of_other_bytes_lets_nothing_start(walker):
    guard = error_rate(when=("entry",))
    with_phase(walker, gates=(guard,))
    await changed(walker, gates=(replace(guard, under=guard.under.parse("1%")),))
    await walker.approve()
    refused = await walker.start()
    assert refused.code == "entry-gates"
    await walker.stage.firing.sweep()
    assert isinstance(await walker.start(), Change), "the new request reads its gates by itself"


async def test_a_yes_that_comes_while_start_is_pressed_is_not_lost(walker):
    await walker.start()
    await walker.approve()
    live = await walker.seen()
    run = live.rollout.run("staging")
    vote = Approval("U-LATE", "late", "devops", walker.stage.clock.now(), run.digest)
    late = replace(run, approvals=(*run.approvals, vote))
    await walker.stage.rollouts.change(live.rollout.name, lambda seen: Change(seen.rollout.with_run(late)))
    refused = await walker.stage.proposals.begin(live, "staging", walker.runner)
    assert refused.code == "approval-new"
    assert vote in (await walker.run()).approvals


async def test_a_phase_that_left_the_plan_on_disk_is_refused_not_a_bug(walker):
    await walker.start()
    await walker.approve()
    live = await walker.seen()
    on_disk(walker, replace(walker.plan, phases=walker.plan.phases[1:]))
    refused = await walker.stage.proposals.begin(live, "staging", walker.runner)
    assert refused.code == "unresolvable"


# ---------------------------------------------------------------- gates and soak


async def test_a_pass_from_before_the_steps_makes_nothing_ready(walker):
    with_phase(walker, soak=None, gates=(error_rate(valid_for=Span(hours=1), every=Span(minutes=10)),))
    await walker.start()
    await walker.stage.firing.sweep()
    walker.stage.clock.advance(Span(minutes=1))
    await walker.approve()
    await walker.start()
    await walker.work()
    run = await walker.run()
    timer = Timer("soak", TimerKind.SOAK_END, walker.stage.clock.now(), await name_of(walker), "staging", run.attempt)
    walker.stage.clock.advance(timedelta(seconds=1))
    await walker.stage.gates.soak_due(timer)
    assert (await walker.run()).state is State.SOAKING
    await walker.stage.firing.sweep()
    assert (await walker.run()).state is State.READY


async def test_a_pass_from_before_the_steps_earns_no_soak(walker):
    with_phase(walker, soak=Soak(Span(hours=4), Span(hours=24)), gates=(error_rate(valid_for=Span(hours=2)),))
    await walker.start()
    await walker.stage.firing.sweep()
    walker.stage.clock.advance(Span(minutes=1))
    await walker.approve()
    await walker.start()
    await walker.work()
    walker.stage.clock.advance(Span(hours=1))
    await walker.stage.firing.sweep()
    earned = (await walker.seen()).board.soaked(await walker.run()).earned
    assert earned == timedelta()


async def test_a_waiver_earns_no_soak_for_the_time_before_it(walker):
    with_phase(walker, gates=(error_rate(),))
    await walker.applied()
    await walker.pass_time(Span(minutes=5))
    before = (await walker.seen()).board.soaked(await walker.run()).earned
    walker.stage.clock.advance(Span(hours=3))
    who = walker.people["security-0"]
    await walker.stage.gates.waive(await name_of(walker), "staging", "error-rate", "security", "known", who)
    earned = (await walker.seen()).board.soaked(await walker.run()).earned - before
    assert earned <= Span(minutes=6)


async def test_an_aborted_start_leaves_the_phase_before_it_watched(walker):
    await passed(walker)
    await walker.begun("canary")
    await walker.pass_time(Span(minutes=3))
    await walker.stage.progress.abort(await name_of(walker), "canary", "not today", walker.runner)
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(minutes=3), Span(seconds=10))
    assert (await walker.run()).state is State.ROLLING_BACK


async def test_asking_for_the_gates_twice_is_answered_twice(walker):
    await walker.applied()
    await walker.pass_time(Span(minutes=2))
    name = await name_of(walker)
    for _ in range(2):
        await walker.stage.gates.ask_now(name, await walker.run(), walker.runner)
        walker.stage.clock.advance(Span(seconds=1))
        await walker.stage.firing.sweep()
    told = [post for post in walker.stage.rollouts._outbox.posts if post.topic == Happened.GATES_READ.value]
    assert len(told) == 2


# ---------------------------------------------------------------- steps


BY_HAND = ByHandStep("by-hand", "Turn the key", "Turn it.")


async def test_a_step_by_hand_is_asked_for_only_while_the_approvals_stand(walker):
    with_phase(walker, steps=(BY_HAND,))
    await walker.begun()
    walker.shelf.files["staging.env"] = "ON=false\n"
    await walker.work()
    run = await walker.run()
    assert "the file staging.env" in run.hold.reason
    assert (await walker.seen()).intents[0].stage is Stage.RECORDED


async def test_a_start_whose_step_was_done_by_hand_cannot_be_aborted_only_rolled_back(walker):
    with_phase(walker, steps=(BY_HAND, *walker.plan.phases[0].steps))
    await walker.begun()
    name = await name_of(walker)
    await walker.stage.effects.advance(name)
    step = (await walker.run()).hold.step
    await walker.stage.rollbacks.by_hand(name, "staging", step, "I turned it", walker.runner)
    refused = await walker.stage.progress.abort(name, "staging", "no", walker.runner)
    assert refused.code == "effects"


async def test_a_word_for_a_step_of_another_phase_is_not_taken(walker):
    await walker.begun()
    name = await name_of(walker)
    walker.stage.hands.cues["*"] = Cue.FAIL
    await walker.work()
    step = (await walker.run()).hold.step

    def same_attempt(seen):
        canary = replace(seen.rollout.run("canary"), attempt=1)
        return Change(seen.rollout.with_run(canary))

    await walker.stage.rollouts.change(name, same_attempt)
    refused = await walker.stage.rollbacks.by_hand(name, "canary", step, "done", walker.runner)
    assert refused.code == "not-now"


async def test_a_step_is_not_claimed_on_what_was_looked_at_long_ago(walker):
    await walker.begun()
    name = await name_of(walker)
    rollouts, looks = walker.stage.effects.rollouts, []

    class Slow:
        """A store that lets the first writer wait for a minute."""

        load = staticmethod(rollouts.load)

        @staticmethod
        async def change(name, decide):
            if not looks:
                walker.stage.clock.advance(Span(minutes=1))
                walker.shelf.files["staging.env"] = "ON=false\n"
            looks.append(name)
            return await rollouts.change(name, decide)

    effects = replace(walker.stage.effects, rollouts=Slow())
    while await effects.advance(name):
        continue
    assert walker.stage.hands.effects == {}
    assert "the file staging.env" in (await walker.run()).hold.reason
