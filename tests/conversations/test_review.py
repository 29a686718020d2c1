"""What may go wrong between two decisions: late readings, lost timers, holds and countdowns that meet other moves."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.approvals import Approval
from bot.domain.entries import Happened
from bot.domain.intents import Stage
from bot.domain.plan import Soak
from bot.domain.quantities import Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import Hold, State
from bot.domain.steps import ByHandStep
from bot.domain.timers import Timer, TimerKind
from bot.ports import Change
from bot.rehearsal.actions import VERSION_BEFORE, Cue
from tests.conversations.conftest import error_rate


async def name_of(walker):
    return (await walker.seen()).rollout.name


async def passed(walker, phase="staging"):
    await walker.applied(phase)
    await walker.attest(phase)
    await walker.pass_time(Span(hours=4, minutes=1))
    done = await walker.stage.progress.promote(await name_of(walker), phase, walker.runner)
    assert isinstance(done, Change), done


def with_phase(walker, number=0, **fields):
    """The plan with one of its phases changed."""
    phases = list(walker.plan.phases)
    phases[number] = replace(phases[number], **fields)
    on_disk(walker, replace(walker.plan, phases=tuple(phases)))


def on_disk(walker, plan):
    walker.plan = walker.stage.plan = plan
    walker.shelf._plans = (plan,)


async def siblings(walker):
    """Two phases that both come after staging, which has passed; the later one of the plan went forward first."""
    canary = walker.plan.phases[1]
    later = replace(canary, phase="later", title="Later")
    on_disk(walker, replace(walker.plan, phases=(*walker.plan.phases, later)))
    await passed(walker)
    await passed(walker, "later")


# ---------------------------------------------------------------- the way back


async def test_a_retried_deploy_goes_back_to_what_ran_before_the_first_attempt(walker):
    await walker.begun()
    name = await name_of(walker)
    key = f"{name}/staging/1/forward/1"
    walker.stage.hands.cues[key] = Cue.LOSE_ANSWER
    walker.stage.hands.unseen.add(key)
    await walker.work()
    assert (await walker.run()).hold.step == key, "it cannot be proved"
    walker.stage.hands.unseen.clear()
    await walker.stage.rollbacks.retry(name, "staging", walker.runner)
    await walker.work()
    await walker.stage.rollbacks.begin(name, "staging", "smoke", walker.runner)
    await walker.work()
    assert walker.stage.hands.versions["codex"] == VERSION_BEFORE


async def test_a_start_that_failed_before_its_deploy_goes_back_without_asking(walker):
    await walker.begun()
    name = await name_of(walker)
    walker.stage.hands.cues["*"] = Cue.FAIL
    await walker.work()
    await walker.stage.rollbacks.begin(name, "staging", "its flags do not load", walker.runner)
    await walker.work()
    run = await walker.run()
    assert (run.state, run.hold) == (State.ROLLED_BACK, None)


async def test_of_two_phases_after_the_same_one_the_one_that_went_last_goes_back_and_is_watched(walker):
    await siblings(walker)
    await walker.applied("canary")
    rollout = (await walker.seen()).rollout
    assert rollout.watched.phase == "canary"
    began = await walker.stage.rollbacks.begin(rollout.name, "canary", "smoke", walker.runner)
    assert isinstance(began, Change)


async def test_nothing_starts_while_another_phase_goes_back(walker):
    await siblings(walker)
    await walker.start("canary")
    await walker.approve("canary")
    name = await name_of(walker)
    await walker.stage.rollbacks.begin(name, "later", "smoke", walker.runner)
    refused = await walker.start("canary")
    assert isinstance(refused, Refusal)
    assert refused.code == "busy"
    assert (await walker.seen()).rollout.current.phase == "later", "what acts is what people must see"


async def test_a_bug_on_the_way_back_holds_the_ladder_until_it_is_retried(walker):
    await walker.applied()
    name = await name_of(walker)
    await walker.stage.rollbacks.begin(name, "staging", "smoke", walker.runner)
    assert await walker.stage.effects.broke(name, "ValueError")
    run = await walker.run()
    assert "the bot broke (ValueError)" in run.hold.reason
    await walker.work()
    assert (await walker.run()).state is State.ROLLING_BACK
    await walker.stage.rollbacks.retry(name, "staging", walker.runner)
    await walker.work()
    assert (await walker.run()).state is State.ROLLED_BACK


# ---------------------------------------------------------------- countdowns


async def counting(walker, phase="staging"):
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(seconds=61), Span(seconds=10))
    assert (await walker.run(phase)).countdown is not None


async def test_a_waiver_stops_the_countdown_of_its_gate(walker):
    await walker.applied()
    await walker.pass_time(Span(minutes=2))
    await counting(walker)
    who = walker.people["security-0"]
    name = await name_of(walker)
    await walker.stage.gates.waive(name, "staging", "error-rate", "security", "known, harmless", who)
    assert (await walker.run()).countdown is None
    assert Happened.COUNTDOWN_STOPPED in await walker.kinds()
    await walker.pass_time(Span(minutes=3), Span(seconds=10))
    assert (await walker.run()).state is State.SOAKING


async def test_nothing_starts_while_the_phase_before_is_about_to_roll_back(walker):
    await passed(walker)
    await walker.start("canary")
    await walker.approve("canary")
    await counting(walker)
    refused = await walker.start("canary")
    assert refused.code == "countdown"


async def test_a_countdown_that_is_overtaken_holds_the_newest_phase_and_ends(walker):
    await passed(walker)
    await walker.start("canary")
    await walker.approve("canary")
    await counting(walker)

    # A newer phase is under way all the same, as it may be in a database of an earlier release.
    def forward(seen):
        canary = replace(seen.rollout.run("canary"), state=State.STARTING)
        return Change(seen.rollout.with_run(canary))

    await walker.stage.rollouts.change(await name_of(walker), forward)
    await walker.pass_time(Span(minutes=2), Span(seconds=10))
    assert (await walker.run()).countdown is None
    assert "error-rate of staging failed" in (await walker.run("canary")).hold.reason
    assert not [timer for timer in walker.stage.timers.all if timer.kind is TimerKind.COUNTDOWN]


async def test_a_gate_that_falls_silent_in_the_countdown_holds_and_is_not_called_recovered(walker):
    await walker.applied()
    await walker.pass_time(Span(minutes=2))
    await counting(walker)
    walker.stage.probes.gate_reads("error-rate", None)
    await walker.pass_time(Span(minutes=1), Span(seconds=10))
    run = await walker.run()
    assert (run.state, run.countdown) == (State.SOAKING, None)
    assert "cannot be measured now" in run.hold.reason
    spoken = [post.topic for post in walker.stage.rollouts._outbox.posts]
    assert Happened.COUNTDOWN_STOPPED.value not in spoken


async def test_a_reading_that_ends_after_the_close_begins_no_countdown(walker):
    await passed(walker)
    walker.stage.probes.gate_reads("error-rate", 0.4)
    name = await name_of(walker)
    run = await walker.run()
    await walker.stage.progress.close(name, walker.runner)
    await walker.stage.gates.ask_now(name, run, walker.runner)
    await walker.stage.firing.sweep()
    assert (await walker.stage.rollouts.load(name)).rollout.run("staging").countdown is None


async def test_a_late_reading_of_a_phase_that_went_back_holds_nothing(walker):
    await passed(walker)
    await walker.applied("canary")
    name = await name_of(walker)
    before = await walker.seen()
    run = before.rollout.run("canary")
    gate = before.copies[run.digest].phase.gate("error-rate")
    walker.stage.probes.gate_reads("error-rate", 0.4)
    verdict = await walker.stage.gates._verdict(gate, before.copies[run.digest])
    await walker.stage.rollbacks.begin(name, "canary", "smoke", walker.runner)
    await walker.work()
    await walker.stage.rollouts.change(name, lambda seen: walker.stage.gates._weighed(seen, run, [(gate, verdict)]))
    assert (await walker.run()).hold is None


async def test_reading_the_gates_of_an_older_phase_on_command_moves_nothing(walker):
    await passed(walker)
    await walker.applied("canary")
    name = await name_of(walker)
    await walker.pass_time(Span(minutes=2))
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.stage.gates.ask_now(name, await walker.run(), walker.people["security-0"])
    timer = next(each for each in walker.stage.timers.all if each.kind is TimerKind.READ_NOW)
    await walker.stage.gates.read_now(timer)
    assert (await walker.run("canary")).hold is None
    assert (await walker.kinds())[-1] is Happened.GATES_READ


async def test_what_failed_before_the_phase_began_is_not_blamed_on_it_after_an_error_either(walker):
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.start()
    await walker.pass_time(Span(minutes=1))
    await walker.approve()
    await walker.start()
    await walker.work()
    walker.stage.probes.gate_reads("error-rate", None)
    await walker.pass_time(Span(minutes=2))
    walker.stage.probes.gate_reads("error-rate", 0.4)
    await walker.pass_time(Span(minutes=3), Span(seconds=10))
    run = await walker.run()
    assert (run.state, run.countdown) == (State.SOAKING, None)


# ---------------------------------------------------------------- holds


async def test_a_hold_during_the_last_step_outlives_it(walker):
    await walker.begun()
    name = await name_of(walker)
    for _ in range(2):
        await walker.stage.effects.advance(name)
    act = walker.stage.hands._note

    def noted(*args):
        act(*args)
        seen = walker.stage.rollouts._kept[name]
        run = seen.rollout.run("staging")
        held = replace(run, hold=Hold("lunch", "U-ANN", walker.stage.clock.now()))
        walker.stage.rollouts._kept[name] = replace(seen, rollout=seen.rollout.with_run(held))

    walker.stage.hands._note = noted
    await walker.work()
    run = await walker.run()
    assert (run.state, run.hold.reason) == (State.SOAKING, "lunch")


async def test_nothing_starts_while_the_phase_before_is_held(walker):
    await passed(walker)
    await walker.start("canary")
    await walker.approve("canary")
    await walker.stage.progress.hold(await name_of(walker), "staging", "a strange graph", walker.runner)
    refused = await walker.start("canary")
    assert refused.code == "held"
    await walker.stage.progress.resume(await name_of(walker), "staging", walker.runner)
    assert isinstance(await walker.start("canary"), Change)


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
