"""Deploy and revert: the version that runs is sealed, changed, proved, and brought back exactly."""

import pytest

from bot.domain.gates import Check
from bot.domain.quantities import Span
from bot.domain.steps import DeployStep, RevertStep
from bot.ports import ActionFailed, Unreachable

KEY = "gitguard-1/staging/1/forward/1"
BACK = "gitguard-1/staging/1/back/0"


@pytest.fixture
def stage(target):
    def at(**more):
        (target.root / "version").write_text("1.4.0\n")
        step = DeployStep("deploy", "codex", (target.deploy(),), "1.5.0", "CODEX_VERSION", **more)
        return step, target.phase(target.service(runs=target.shows("version")), step)

    return at


async def test_a_version_is_sealed_deployed_proved_and_brought_back(hands, target, stage) -> None:
    step, at = stage()
    sealed = await hands.seal(step, at)
    assert sealed == {"version": "1.4.0"}
    assert (await hands.happened(step, at, KEY, sealed)).shown is False
    assert (await hands.act(step, at, KEY, sealed)).endswith("with CODEX_VERSION=1.5.0")
    assert (await hands.happened(step, at, KEY, sealed)).shown is True
    back = RevertStep("revert", "codex")
    assert (await hands.happened(back, at, BACK, sealed)).shown is False
    await hands.act(back, at, BACK, sealed)
    assert (await hands.happened(back, at, BACK, sealed)).shown is True
    assert target.lines("deploys") == [f"1.5.0 {KEY}", f"1.4.0 {BACK}"]


async def test_without_a_sealed_version_nothing_is_reverted(hands, target, stage) -> None:
    _, at = stage()
    with pytest.raises(ActionFailed, match="No version of codex was sealed"):
        await hands.act(RevertStep("revert", "codex"), at, BACK, {})
    assert (await hands.happened(RevertStep("revert", "codex"), at, BACK, {})).shown is None
    assert target.lines("deploys") == []


async def test_a_phase_without_a_deploy_has_no_way_to_revert(hands, target) -> None:
    at = target.phase(target.service(runs=target.shows("version")))
    with pytest.raises(ActionFailed, match="no deploy step of codex"):
        await hands.act(RevertStep("revert", "codex"), at, BACK, {"version": "1.4.0"})


async def test_a_version_that_cannot_be_read_stops_the_deploy_before_it_begins(hands, target, stage) -> None:
    step, at = stage()
    (target.root / "version").write_text(" \n")
    with pytest.raises(ActionFailed, match="cannot be read"):
        await hands.seal(step, at)
    assert (await hands.happened(step, at, KEY, {})).shown is None
    blind = target.phase(target.service(), step)
    with pytest.raises(ActionFailed, match="no `runs:`"):
        await hands.seal(step, blind)


async def test_a_proof_must_hold_beside_the_version(hands, target, stage) -> None:
    (target.root / "ready").write_text("no")
    step, at = stage(proof=(Check(probe=target.shows("ready"), equals="yes"),))
    await hands.act(step, at, KEY, {})
    assert (await hands.happened(step, at, KEY, {})).shown is False
    (target.root / "ready").write_text("yes")
    assert (await hands.happened(step, at, KEY, {})).shown is True


async def test_a_deploy_that_hangs_is_unknown(hands, target) -> None:
    slow = target.script("import time\ntime.sleep(60)")
    step = DeployStep("deploy", "codex", (slow,), "1.5.0", "CODEX_VERSION", timeout=Span(milliseconds=200))
    with pytest.raises(Unreachable):
        await hands.act(step, target.phase(target.service(), step), KEY, {})


async def test_a_secret_reaches_the_command_and_no_text(hands, target) -> None:
    target.secrets["TOKEN"] = "hunter2"
    loud = target.script("import os, sys\nsys.exit('bad token ' + os.environ['TOKEN'])")
    step = DeployStep("deploy", "codex", (loud,), "1.5.0", "CODEX_VERSION", secrets=("TOKEN",))
    with pytest.raises(ActionFailed) as failed:
        await hands.act(step, target.phase(target.service(), step), KEY, {})
    assert str(failed.value).endswith("bad token •••")
    missing = DeployStep("deploy", "codex", (loud,), "1.5.0", "CODEX_VERSION", secrets=("ABSENT",))
    with pytest.raises(ActionFailed, match="ABSENT is not set"):
        await hands.act(missing, target.phase(target.service(), missing), KEY, {})
