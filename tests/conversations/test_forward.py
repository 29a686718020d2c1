"""From proposal to promote on the twins: what each rule lets through and what it stops."""

from dataclasses import replace

from bot.domain.entries import Happened
from bot.domain.people import Kind
from bot.domain.quantities import Span
from bot.domain.refusals import Refusal
from bot.domain.rollout import State
from bot.ports import Change


async def test_a_phase_is_carried_from_proposal_to_passed(walker):
    await walker.applied()
    await walker.attest()
    await walker.pass_time(Span(hours=4, minutes=1))
    assert (await walker.run()).state is State.READY
    name = (await walker.seen()).rollout.name
    await walker.stage.progress.promote(name, "staging", walker.runner)
    assert (await walker.run()).state is State.PASSED


async def test_the_last_approval_starts_nothing_by_itself(walker):
    await walker.start()
    await walker.approve()
    await walker.work()
    assert (await walker.run()).state is State.PROPOSED
    assert walker.stage.hands.effects == {}


async def test_canary_is_refused_before_staging_and_offers_its_preview(walker):
    refused = await walker.start("canary")
    assert isinstance(refused, Refusal)
    assert refused.offers == ("preview", "staging")
    assert await walker.stage.rollouts.live() == ()


async def test_a_soak_without_the_attestation_never_becomes_ready(walker):
    await walker.applied()
    await walker.pass_time(Span(hours=6), Span(minutes=2))
    assert (await walker.run()).state is State.SOAKING
    await walker.attest()
    assert (await walker.run()).state is State.READY


async def test_time_on_hold_is_no_soak(walker):
    await walker.applied()
    await walker.pass_time(Span(hours=1))
    name = (await walker.seen()).rollout.name
    await walker.stage.progress.hold(name, "staging", "lunch", walker.people["security-0"])
    before = (await walker.seen()).board.soaked(await walker.run()).earned
    await walker.pass_time(Span(hours=2))
    await walker.stage.progress.resume(name, "staging", walker.runner)
    after = (await walker.seen()).board.soaked(await walker.run()).earned
    assert after - before <= Span(minutes=1)


async def test_the_bots_downtime_is_no_soak(walker):
    await walker.applied()
    await walker.pass_time(Span(hours=1))
    before = (await walker.seen()).board.soaked(await walker.run()).earned
    walker.stage.clock.advance(Span(hours=10))
    await walker.pass_time(Span(minutes=2))
    earned = (await walker.seen()).board.soaked(await walker.run()).earned - before
    # The last verdicts lived five minutes on; no more than that was covered.
    assert earned <= Span(minutes=8)


async def test_what_was_approved_must_be_what_is_started(walker):
    await walker.start()
    await walker.approve()
    walker.shelf.files["staging.env"] = "ON=false\n"
    answer = await walker.start()
    run = await walker.run()
    assert isinstance(answer, Change)
    assert answer.entries[0].kind is Happened.PROPOSAL_CHANGED
    assert "the file staging.env" in answer.entries[0].facts["changed"]
    assert (run.state, run.approvals) == (State.PROPOSED, ())


async def test_a_change_between_start_and_step_stops_the_step(walker):
    await walker.begun()
    walker.shelf.files["staging.env"] = "ON=false\n"
    await walker.work()
    run = await walker.run()
    assert walker.stage.hands.effects == {}
    assert "the file staging.env" in run.hold.reason


async def test_an_approver_who_left_the_guild_does_not_count_at_the_step(walker):
    await walker.begun()
    directory = walker.stage.effects.directory
    directory.people["U-devops-0"] = replace(directory.people["U-devops-0"], guilds=frozenset())
    await walker.work()
    assert walker.stage.hands.effects == {}
    assert "1 of devops missing" in (await walker.run()).hold.reason


async def test_an_approver_who_became_a_guest_lapses_before_the_start(walker):
    await walker.start()
    await walker.approve()
    directory = walker.stage.proposals.directory
    directory.people["U-devops-0"] = replace(directory.people["U-devops-0"], kind=Kind.GUEST)
    answer = await walker.start()
    assert answer.entries[0].kind is Happened.APPROVAL_LAPSED
    assert (await walker.run()).state is State.PROPOSED


async def test_when_the_directory_is_silent_nothing_starts(walker):
    await walker.start()
    await walker.approve()
    walker.stage.proposals.directory.silent = True
    refused = await walker.start()
    assert refused.code == "directory"


async def test_a_request_expires_visibly_and_never_means_yes(walker):
    await walker.start()
    await walker.approve()
    walker.stage.clock.advance(Span(hours=24))
    await walker.stage.firing.sweep()
    assert (await walker.run()).state is State.ABORTED
    assert Happened.APPROVAL_EXPIRED in await walker.kinds()


async def test_a_new_attempt_needs_approvals_anew(walker):
    await walker.start()
    await walker.approve()
    name = (await walker.seen()).rollout.name
    await walker.stage.progress.abort(name, "staging", "not today", walker.runner)
    await walker.start()
    run = await walker.run()
    assert (run.attempt, run.approvals) == (2, ())


async def test_promote_before_the_soak_is_refused(walker):
    await walker.applied()
    name = (await walker.seen()).rollout.name
    refused = await walker.stage.progress.promote(name, "staging", walker.runner)
    assert refused.code == "not-now"


async def test_a_double_start_is_answered_and_does_nothing_twice(walker):
    await walker.begun()
    refused = await walker.start()
    assert refused.code == "already"
    await walker.work()
    assert set(walker.stage.hands.effects.values()) == {1}


async def test_a_waiver_is_recorded_beside_the_verdict_and_opens_the_way(walker):
    walker.stage.probes.gate_reads("error-rate", None)
    await walker.applied()
    await walker.attest()
    await walker.pass_time(Span(minutes=3))
    name = (await walker.seen()).rollout.name
    who = walker.people["security-0"]
    refused = await walker.stage.gates.waive(name, "staging", "health", "security", "known", who)
    assert refused.code == "not-waivable"
    await walker.stage.gates.waive(name, "staging", "error-rate", "security", "Prometheus is moved today", who)
    await walker.stage.progress.resume(name, "staging", walker.runner)
    await walker.pass_time(Span(hours=4, minutes=2))
    run = await walker.run()
    assert run.state is State.READY
    assert (await walker.seen()).board.standing(run, "error-rate").verdict.outcome == "error"
