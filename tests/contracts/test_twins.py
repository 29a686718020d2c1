"""What only the twins can do: scripts, cues, and readings that would pass."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.gates import Check, Gate
from bot.domain.people import Kind, Person
from bot.domain.plan import Guild, ResolvedPhase
from bot.domain.probes import AttestProbe, CommandProbe, HttpProbe, PrometheusProbe
from bot.domain.quantities import Quantity
from bot.domain.steps import CommandStep, DeployStep, FlagsStep
from bot.domain.verdicts import Outcome, Reading, judge
from bot.ports import ActionFailed, Actions, Beat, Busy, Clock, Directory, Probes, Pulse, Sheet, Unreachable
from bot.rehearsal.actions import ANY, Cue, RehearsalHands
from bot.rehearsal.clock import START, RehearsalClock
from bot.rehearsal.directory import RehearsalDirectory
from bot.rehearsal.probes import RehearsalProbes
from bot.rehearsal.pulse import RehearsalPulse, Stopped
from bot.rehearsal.sheet import RehearsalSheet
from tests.contracts.conftest import twins
from tests.storage.samples import NOW, PLAN, RESOLVED, HandClock, closing, opening

STEP = FlagsStep("flags", "codex")
PROBE = PrometheusProbe("prometheus", "metrics", "x")


def q(written: Any) -> Quantity:
    return Quantity.parse(written)


def gated(*gates: Gate) -> ResolvedPhase:
    return replace(RESOLVED, phase=replace(RESOLVED.phase, gates=gates), rungs={})


def test_every_twin_plays_its_port() -> None:
    clock: Clock = RehearsalClock()
    probes: Probes = RehearsalProbes()
    hands: Actions = RehearsalHands()
    pulse: Pulse = RehearsalPulse()
    directory: Directory = RehearsalDirectory({})
    sheet: Sheet = RehearsalSheet()
    assert all((clock, probes, hands, pulse, directory, sheet))


async def test_sleeping_moves_both_clocks_and_advancing_may_move_one() -> None:
    clock = RehearsalClock()
    await clock.sleep(90)
    clock.advance(timedelta(hours=1), real=False)
    assert (clock.now() - START, clock.real() - START) == (timedelta(seconds=3690), timedelta(seconds=90))
    clock.set(START + timedelta(days=1))
    with pytest.raises(ValueError, match="has passed"):
        clock.set(START)


@pytest.mark.parametrize(
    "bound",
    [
        {"at_most": q("5%")},
        {"at_most": q(-3)},
        {"at_least": q("99.9%")},
        {"under": q("500ms")},
        {"under": q(0)},
        {"over": q("90%")},
        {"over": q(7)},
        {"between": (q(2), q(9))},
        {"equals": True},
        {"equals": "external"},
        {"equals": 200},
        {"one_of": (400, 422)},
        {"contains": "ready"},
        {"lacks": "rehearsed"},
        {"lacks": "error"},
    ],
    ids=str,
)
async def test_what_no_script_names_reads_as_what_passes(bound: dict[str, Any]) -> None:
    gate = Gate(gate="g", title="G", probe=PROBE, min_samples=59, **bound)
    reading = await RehearsalProbes().read(PROBE, gated(gate), NOW)
    verdict = judge(reading, gate.bound, min_samples=59, valid_for=timedelta(minutes=5))
    assert verdict.outcome is Outcome.PASS


async def test_one_probe_of_several_gates_passes_them_all() -> None:
    gates = (
        Gate(gate="a", title="A", probe=PROBE, at_most=q(10)),
        Gate(gate="b", title="B", probe=PROBE, at_least=q(4)),
    )
    reading = await RehearsalProbes().read(PROBE, gated(*gates), NOW)
    assert all(gate.bound.holds(reading.value) for gate in gates)


async def test_the_proof_of_a_step_is_guessed_as_well() -> None:
    probe = HttpProbe("http", "codex", "/")
    step = CommandStep("command", "x", ("x",), proof=(Check(probe=probe, equals=204),))
    phase = replace(RESOLVED, phase=replace(RESOLVED.phase, steps=(step,)), rungs={})
    assert (await RehearsalProbes().read(probe, phase, NOW)).value == 204


async def test_the_newest_line_of_a_script_counts() -> None:
    probes, gate = RehearsalProbes(), Gate(gate="g", title="G", probe=PROBE, at_most=q(5))
    phase, answers = gated(gate), iter([1, 2])
    probes.gate_reads("g", 9)
    assert (await probes.read(PROBE, phase, NOW)).value == 9
    probes.probe_reads(PROBE, lambda: next(answers))
    assert [(await probes.read(PROBE, phase, NOW)).value for _ in range(2)] == [1, 2]
    probes.probe_reads(PROBE, Reading(None, NOW - timedelta(days=1), "elsewhere", trouble="dark"))
    assert await probes.read(PROBE, phase, NOW) == Reading(None, NOW, "elsewhere", trouble="dark")
    probes.forget()
    assert (await probes.read(PROBE, phase, NOW)).value == 0
    unhashable = CommandProbe("command", ("x",), {"A": "1"})
    probes.probe_reads(unhashable, 7)
    assert (await probes.read(unhashable, phase, NOW)).value == 7
    assert len(probes.asked) == 6


async def test_nobody_attests_in_the_place_of_people() -> None:
    probe = AttestProbe("attest", "?", "devops")
    reading = await RehearsalProbes().read(probe, gated(Gate(gate="g", title="G", probe=probe, equals=True)), NOW)
    assert reading.value is None


@pytest.mark.parametrize(
    ("cue", "error", "happened"),
    [
        (Cue.FAIL, ActionFailed, False),
        (Cue.LOSE_ANSWER, Unreachable, True),
        (Cue.LOSE_REQUEST, Unreachable, False),
        (Cue.CRASH_BEFORE, Stopped, False),
        (Cue.CRASH_AFTER, Stopped, True),
    ],
)
@pytest.mark.parametrize("key", ["k", ANY])
async def test_a_cue_goes_wrong_once(cue: Cue, error: type[BaseException], happened: bool, key: str) -> None:
    hands = RehearsalHands()
    hands.cues[key] = cue
    with pytest.raises(error):
        await hands.act(STEP, RESOLVED, "k", {})
    assert (await hands.happened(STEP, RESOLVED, "k", {})).shown is happened
    await hands.act(STEP, RESOLVED, "k", {})
    assert hands.attempts == ["k", "k"]
    assert hands.effects == {"k": 2 if happened else 1}


async def test_an_effect_can_be_out_of_sight() -> None:
    hands = RehearsalHands()
    hands.unseen.add("k")
    await hands.act(STEP, RESOLVED, "k", {})
    assert (await hands.happened(STEP, RESOLVED, "k", {})).shown is None


async def test_versions_are_remembered() -> None:
    hands, deploy = RehearsalHands(), DeployStep("deploy", "codex", ("x",), "1.5.0", "V")
    before = await hands.seal(deploy, RESOLVED)
    await hands.act(deploy, RESOLVED, "k", before)
    assert (before["version"], await hands.seal(deploy, RESOLVED)) == ("rehearsed-before", {"version": "1.5.0"})


def test_the_pulse_stops_where_it_is_told() -> None:
    by_count, by_name = RehearsalPulse(stop_at=2), RehearsalPulse(stop_on=Beat.EFFECT_DONE)
    by_count(Beat.INTENT_FOUND)
    with pytest.raises(Stopped):
        by_count(Beat.INTENT_SEALED)
    by_name(Beat.INTENT_FOUND)
    with pytest.raises(Stopped):
        by_name(Beat.EFFECT_DONE)
    assert by_count.beats == [Beat.INTENT_FOUND, Beat.INTENT_SEALED]


async def test_people_are_who_the_script_says() -> None:
    guilds = {"devops": Guild(members=("U2",)), "security": Guild(usergroup="sec")}
    people = {"U1": Person("U1", "Ada", frozenset({"security", "other"})), "U2": Person("U2", "Bo")}
    directory = RehearsalDirectory(people, guilds)
    assert await directory.person("U1", guilds) == Person("U1", "Ada", frozenset({"security"}))
    assert (await directory.person("U2", guilds)).guilds == {"devops"}
    assert (await directory.person("U9", guilds)).kind is Kind.FOREIGN
    assert await directory.members(guilds["security"]) == ("U1",)
    assert await directory.members(guilds["devops"]) == ("U2",)
    directory.silent = True
    with pytest.raises(Unreachable):
        await directory.person("U1", guilds)
    with pytest.raises(Unreachable):
        await directory.members(guilds["devops"])


async def test_a_store_meets_its_troubles_before_it_decides() -> None:
    stores = twins(HandClock())
    await stores.rollouts.open(PLAN, opening)
    stores.rollouts.troubles.append(Busy("locked"))
    with pytest.raises(Busy):
        await stores.rollouts.change("gitguard-1", closing)
    assert (await stores.rollouts.load("gitguard-1")).rollout.closed_at is None
    await stores.rollouts.change("gitguard-1", closing)
    assert await stores.rollouts.live() == ()


async def test_the_sheet_shows_what_it_was_given() -> None:
    lines = (("+", "A", "", "1"),)
    assert await RehearsalSheet(lines).differences(RESOLVED) == lines
