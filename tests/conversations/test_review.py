"""What may go wrong between two decisions: the way back, countdowns and holds that meet other moves."""

from dataclasses import replace

from bot.domain.entries import Happened
from bot.domain.quantities import Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import Hold, State
from bot.domain.timers import TimerKind
from bot.ports import Change
from bot.rehearsal.actions import VERSION_BEFORE, Cue


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
