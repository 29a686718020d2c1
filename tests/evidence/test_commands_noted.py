"""What a step's command was called with and what it wrote comes into the ledger: sizes and hashes, no secret."""

import hashlib
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.hands import ActionHands
from bot.domain.entries import Happened
from bot.domain.masking import MASK
from bot.domain.quantities import Span
from bot.domain.steps import CommandStep
from bot.ports import ActionFailed, Unreachable
from bot.reach.subprocesses import CAP, Allowed, run
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.probes import RehearsalProbes
from bot.workflows.commands import Called, fact, note, noting
from tests.evidence.conftest import NotingHands, Theatre
from tests.storage.samples import RESOLVED

PYTHON = sys.executable


def hands():
    secrets = {"DEPLOY_KEY": "hunter2-hunter2"}
    return ActionHands(RehearsalProbes(), RehearsalClock(), Allowed(frozenset({PYTHON}), Path("/")), secrets)


def step(text, *more, timeout=20):
    argv = (PYTHON, "-c", text, *more)
    return CommandStep("command", "Do it", argv, secrets=("DEPLOY_KEY",), timeout=Span(seconds=timeout))


async def test_arguments_exit_code_sizes_and_hashes_are_noted_and_no_secret():
    text = "import os, sys; print(os.environ['DEPLOY_KEY']); sys.stderr.write('oh'); sys.exit(3)"
    with noting() as called, pytest.raises(ActionFailed, match="exit code 3"):
        await hands().act(step(text, "--token=abcdef"), RESOLVED, "k", {})
    (ran,) = called
    assert ran.argv == (PYTHON, "-c", text, f"--token={MASK}")
    assert ran.exit == 3
    assert (ran.stdout_bytes, ran.stdout_sha256) == (16, hashlib.sha256(b"hunter2-hunter2\n").hexdigest())
    assert (ran.stderr_bytes, ran.stderr_sha256) == (2, hashlib.sha256(b"oh").hexdigest())
    assert "hunter2" not in fact(called)


async def test_a_command_that_had_to_be_ended_has_no_exit_code():
    with noting() as called, pytest.raises(Unreachable):
        await hands().act(step("import time; print('x', flush=True); time.sleep(60)", timeout=1), RESOLVED, "k", {})
    assert called[0].exit is None


async def test_the_hash_is_of_all_that_was_written_also_beyond_what_is_kept():
    size = CAP * 3
    ran = await run(
        (PYTHON, "-c", f"print('x' * {size}, end='')"),
        allowed=Allowed(frozenset({PYTHON})),
        timeout=timedelta(seconds=20),
    )
    assert ran.cut
    assert ran.stdout_was.size == size
    assert ran.stdout_was.sha256 == hashlib.sha256(b"x" * size).hexdigest()


def test_what_runs_outside_of_a_step_is_noted_nowhere():
    note(Called(("x",), 0, 0, "", 0, ""))
    with noting() as called:
        pass
    note(Called(("x",), 0, 0, "", 0, ""))
    assert called == []
    assert fact(called) == ""


class Failing(NotingHands):
    """Runs its command, which then ends badly."""

    async def act(self, step, phase, key, sealed):
        note(Called(("deploy", "it"), 7, 3, "ab" * 32, 0, "cd" * 32))
        raise ActionFailed("It ended with exit code 7.")


async def entries(theatre, kind):
    name = (await theatre.stage.seen()).rollout.name
    return [each.entry for each in await theatre.ledger.entries(f"rollout/{name}") if each.entry.kind is kind]


async def test_the_record_of_a_failed_step_holds_its_command(plan):
    theatre = Theatre(plan)
    object.__setattr__(theatre.stage.effects, "actions", Failing())
    await theatre.started()
    (failed,) = await entries(theatre, Happened.STEP_FAILED)
    (ran,) = json.loads(failed.facts["commands"])
    assert (ran["argv"], ran["exit"], ran["stdout_bytes"]) == (["deploy", "it"], 7, 3)
    assert failed.facts["intent"] == "gitguard-1/staging/1/forward/0"


async def test_a_claim_holds_in_which_guilds_the_approvers_were_at_that_instant(plan):
    theatre = Theatre(plan)
    await theatre.started()
    claims = await entries(theatre, Happened.STEP_CLAIMED)
    assert claims
    voters = {"U-devops-0": ["devops"], "U-platform-security-0": ["platform-security"]}
    assert all(json.loads(each.facts["voters"]) == voters for each in claims)


async def test_a_start_holds_who_was_in_the_asked_guilds(plan):
    theatre = Theatre(plan)
    await theatre.started()
    (begun,) = await entries(theatre, Happened.PHASE_STARTED)
    assert json.loads(begun.facts["members"]) == {
        "devops": ["U-RUNNER", "U-devops-0"],
        "platform-security": ["U-platform-security-0"],
    }
