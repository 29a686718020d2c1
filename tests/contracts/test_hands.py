"""What every Actions promises, done by the twin and by real commands, files and requests."""

import json
import stat
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.actions.hands import ActionHands
from bot.domain.gates import Check
from bot.domain.plan import ResolvedPhase
from bot.domain.probes import CommandProbe, HttpProbe, HttpReads
from bot.domain.quantities import Span
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep, Step
from bot.domain.systems import Service
from bot.ports import ActionFailed, Actions, Unreachable
from bot.probes.reader import ProbeReader
from bot.reach.subprocesses import Allowed
from bot.rehearsal.actions import Cue, RehearsalHands
from tests.storage.samples import RESOLVED, HandClock

KEY, BACK = "gitguard-1/staging/1/forward/0", "gitguard-1/staging/1/back/0"


@dataclass
class Stage:
    """The hands, the phase they act on, and a way to make the answer to the next attempt be lost."""

    hands: Actions
    phase: ResolvedPhase
    lose_answer: Callable[[], None]


@pytest.fixture(params=["twin", "real"])
async def stage(request: Any, tmp_path: Path) -> AsyncIterator[Stage]:
    if request.param == "twin":
        hands = RehearsalHands()
        yield Stage(hands, RESOLVED, lambda: hands.cues.update({KEY: Cue.LOSE_ANSWER}))
        return
    known, faults = set[str](), list[int]()

    async def answers(asked: web.Request) -> web.Response:
        if asked.method == "POST":
            known.add(asked.headers["Idempotency-Key"])
            return web.Response(status=faults.pop() if faults else 200)
        return web.json_response({"known": len(known)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader = ProbeReader(Allowed(frozenset(), tmp_path), {})
    phase = real_phase(tmp_path, f"http://127.0.0.1:{runner.addresses[0][1]}")
    hands_there = ActionHands(reader, HandClock(), Allowed(frozenset(), tmp_path), {})
    yield Stage(hands_there, phase, lambda: faults.append(503))
    await runner.cleanup()


def real_phase(root: Path, url: str) -> ResolvedPhase:
    def script(name: str, body: str) -> str:
        (root / name).write_text(f"#!{sys.executable} -S\nimport json, os, sys\n{body}\n")
        (root / name).chmod((root / name).stat().st_mode | stat.S_IXUSR)
        return f"./{name}"

    (root / "codex.env").write_text("A=0\n")
    (root / "version").write_text("1.4.0")
    script("restart", "json.dump(open('codex.env').read().split(), open('running', 'w'))")
    script("deploy", "open('version', 'w').write(os.environ['V'])")
    script("note", "open('noted', 'w').write('yes')")
    service = Service(
        "service",
        "CODEX_URL",
        "CODEX_ENV_FILE",
        ("./restart",),
        reports=CommandProbe("command", (script("reports", "print(open('running').read())"),), text=True),
        runs=CommandProbe("command", (script("runs", "print(open('version').read())"),), text=True),
    )
    script("noted.sh", "sys.exit(0 if os.path.exists('noted') else 1)")
    return replace(
        RESOLVED,
        systems={"codex": service},
        phase=replace(RESOLVED.phase, env="a.env", steps=(DEPLOY,)),
        targets={"CODEX_URL": url, "CODEX_ENV_FILE": str(root / "codex.env")},
    )


FLAGS = FlagsStep("flags", "codex")
DEPLOY = DeployStep("deploy", "codex", ("./deploy",), "1.5.0", "V")
COMMAND = CommandStep(
    "command", "Note", ("./note",), proof=(Check(probe=CommandProbe("command", ("./noted.sh",)), equals=0),)
)
HTTP = HttpStep(
    "http",
    "Send",
    "codex",
    "POST",
    "/probe",
    "Idempotency-Key",
    proof=(Check(probe=HttpProbe("http", "codex", "/probe", HttpReads.JSON, "known"), equals=1),),
    timeout=Span(seconds=5),
)
BY_HAND = ByHandStep("by-hand", "Call", "ring the desk")


@pytest.mark.parametrize("step", [FLAGS, DEPLOY, COMMAND, HTTP], ids=lambda step: step.kind)
async def test_an_effect_shows_after_it_was_done_and_not_before(stage: Stage, step: Step) -> None:
    sealed = await stage.hands.seal(step, stage.phase)
    assert json.loads(json.dumps(sealed)) == sealed
    if step is FLAGS:
        assert set(sealed) == {"before"}
    assert not (await stage.hands.happened(step, stage.phase, KEY, sealed)).shown
    said = await stage.hands.act(step, stage.phase, KEY, sealed)
    found = await stage.hands.happened(step, stage.phase, KEY, sealed)
    assert (found.shown, bool(said), bool(found.says)) == (True, True, True)


@pytest.mark.parametrize("step", [FLAGS, DEPLOY, HTTP], ids=lambda step: step.kind)
async def test_a_repeat_under_the_same_key_leaves_the_effect_as_it_is(stage: Stage, step: Step) -> None:
    assert stage.hands.repeatable(step)
    sealed = await stage.hands.seal(step, stage.phase)
    await stage.hands.act(step, stage.phase, KEY, sealed)
    await stage.hands.act(step, stage.phase, KEY, sealed)
    assert (await stage.hands.happened(step, stage.phase, KEY, sealed)).shown is True


async def test_a_lost_answer_is_unreachable_and_the_effect_can_still_be_seen(stage: Stage) -> None:
    stage.lose_answer()
    with pytest.raises(Unreachable):
        await stage.hands.act(HTTP, stage.phase, KEY, {})
    assert (await stage.hands.happened(HTTP, stage.phase, KEY, {})).shown is True


async def test_a_version_is_brought_back_by_what_was_sealed(stage: Stage) -> None:
    sealed = await stage.hands.seal(DEPLOY, stage.phase)
    assert set(sealed) == {"version"}
    await stage.hands.act(DEPLOY, stage.phase, KEY, sealed)
    revert = RevertStep("revert", "codex")
    await stage.hands.act(revert, stage.phase, BACK, sealed)
    assert (await stage.hands.happened(revert, stage.phase, BACK, sealed)).shown is True
    assert await stage.hands.seal(DEPLOY, stage.phase) == sealed


async def test_without_a_seal_nothing_is_brought_back(stage: Stage) -> None:
    with pytest.raises(ActionFailed, match="No version of codex was sealed"):
        await stage.hands.act(RevertStep("revert", "codex"), stage.phase, BACK, {})


async def test_hands_leave_to_people_what_is_done_by_hand(stage: Stage) -> None:
    with pytest.raises(ActionFailed, match="ring the desk"):
        await stage.hands.act(BY_HAND, stage.phase, KEY, {})
    assert (await stage.hands.happened(BY_HAND, stage.phase, KEY, {})).shown is None


def test_both_agree_on_what_may_be_repeated_unseen() -> None:
    real = ActionHands(ProbeReader(Allowed(frozenset()), {}), HandClock(), Allowed(frozenset()), {})
    keyless = replace(HTTP, key_header=None)
    steps = (FLAGS, DEPLOY, COMMAND, HTTP, keyless, BY_HAND, RevertStep("revert", "codex"))
    assert [real.repeatable(step) for step in steps] == [RehearsalHands().repeatable(step) for step in steps]
