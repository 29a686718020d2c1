"""Hold, rollback and abort on the host: beside a bot that lives, beside one that does not answer, and without one."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from bot.domain.rollout import State
from bot.host import orders as host_orders
from bot.host.reaching import NotReached, login_name
from bot.jobs.clock import WallClock
from storage.opened import opened
from tests.host.conftest import ENVIRON
from tests.house.source import ROOT


async def test_a_living_bot_answers_and_the_command_does_not_act(host):
    async with host.bot():
        assert await host.order("hold") == 0
        assert host.said == ["sample-1, only is held."]
        assert await host.order("hold") == 1
        assert "held: the disk is full; hold is not possible now" in host.text
        assert await host.order("rollback", "worse still") == 0
        assert "The bot carries it out; follow it with: rollout status sample-1" in host.text
    run = (await host.seen()).rollout.run("only")
    assert run.state is State.ROLLING_BACK
    assert not (host.root / "gone-back").exists()


async def test_without_a_bot_the_command_goes_back_itself_step_by_step(host):
    assert await host.order("rollback") == 0
    assert (host.root / "gone-back").exists()
    run = (await host.seen()).rollout.run("only")
    assert (run.state, run.locked) == (State.ROLLED_BACK, "the disk is full")
    text = host.text
    assert text.startswith("No bot acts on this database")
    for line in ("begun: Touch the mark", "done: Touch the mark", "by_hand: Replay the events", "only is rolled back."):
        assert line in text
    assert text.endswith("still to be done by hand: Replay the events: Replay what is missing.")


async def test_what_is_to_be_posted_waits_for_the_next_bot(host):
    await host.order("rollback")
    async with opened(host.url, WallClock()) as memory:
        topics = [row.post.topic for row in await memory.outbox.waiting()]
        entries = await memory.ledger.entries("rollout/sample-1")
        assert await memory.lease.acquire() == 3  # the soak's, the command's, and now this one
    assert {"RollbackBegan", "PhaseRolledBack", "card"} <= set(topics)
    began = next(each.entry for each in entries if each.entry.kind == "RollbackBegan")
    assert began.actor == f"operator:{login_name()}"


async def test_a_rung_that_fails_waits_for_a_person_and_says_so(host):
    settings = host.settings.model_copy(update={"executables": ("true",)})
    said = []
    asked = host_orders.Asked("rollback", "sample-1", "the disk is full")
    assert await host_orders.ordered(settings, asked, said.append, ENVIRON) == 1
    assert any("failed: Touch the mark" in line for line in said)
    assert any(line.startswith("It waits for a person: ") for line in said)
    assert (await host.seen()).rollout.run("only").state is State.ROLLING_BACK


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"rollout": "sampel-1"}, "There is no rollout 'sampel-1': did you mean 'sample-1'? Code: unknown-rollout"),
        ({"phase": "onyl"}, "Sample has no phase 'onyl': did you mean 'only'? Code: unknown-phase"),
        ({"reason": "  "}, "To hold needs a reason; it is on record for good. Code: reason"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_remedy(host, order, words):
    assert await host.order("hold", **order) == 1
    assert host.said[-1] == words
    assert (await host.seen()).rollout.run("only").hold is None


async def test_beside_a_bot_that_renews_and_does_not_answer_the_order_stays(host, monkeypatch):
    monkeypatch.setattr(host_orders, "PATIENCE", timedelta(seconds=0.2))
    async with host.bot(answers=False) as here:
        assert await host.order("rollback") == 2
        (waiting,) = await here.memory.orders.waiting()
        assert waiting.id in host.text
        assert "--take-over" in host.text
        shown, _ = await host.status()
        assert "Order waiting since" in shown
        assert "rollback sample-1: the disk is full" in shown
    assert (await host.seen()).rollout.run("only").state is State.SOAKING


async def test_a_take_over_waits_for_the_end_of_the_lease_and_never_breaks_it(host, monkeypatch):
    monkeypatch.setattr(host_orders, "PATIENCE", timedelta(seconds=0.1))
    async with host.bot(answers=False):
        taking = asyncio.create_task(host.order("rollback", take_over=True))
        done, _ = await asyncio.wait({taking}, timeout=0.6)
        assert not done, "it took the lease of a living holder"
    assert await taking == 0
    assert (await host.seen()).rollout.run("only").state is State.ROLLED_BACK


async def test_the_order_that_stayed_is_answered_by_the_next_bot_once(host, monkeypatch):
    monkeypatch.setattr(host_orders, "PATIENCE", timedelta(seconds=0.1))
    async with host.bot(answers=False):
        assert await host.order("hold") == 2
    async with host.bot() as here:
        for _ in range(200):
            if not await here.memory.orders.waiting():
                break
            await asyncio.sleep(0.02)
    hold = (await host.seen()).rollout.run("only").hold
    assert (hold.by, hold.reason) == (f"operator:{login_name()}", "the disk is full")


async def test_status_says_who_acts_where_it_stands_why_and_what_is_next(host):
    shown, code = await host.status()
    assert code == 0
    assert shown.startswith("Nobody acts. The last was ")
    for words in ("sample-1: Sample", "only soaking", "Soak: 0 s of 1 d earned", "Why only is soaking:", "Next:"):
        assert words in shown
    before = await host.seen()
    async with host.bot():
        shown, _ = await host.status("sample-1")
        assert shown.startswith("Acting: ")
        assert "its lease is valid until" in shown
    assert await host.seen() == before
    shown, code = await host.status("sampel-1")
    assert (shown, code) == ("There is no rollout 'sampel-1': did you mean 'sample-1'? Code: unknown-rollout", 1)


async def test_a_database_that_is_not_there_is_not_made(host, tmp_path):
    for url, words in (
        (f"sqlite:///{tmp_path / 'else' / 'x.db'}", "There is no database at "),
        ("postgresql://bot:hunter2secret@127.0.0.1:1/x", "at 127.0.0.1 does not answer"),
        ("mysql://bot:hunter2secret@127.0.0.1:1/x", "DATABASE_URL cannot be used"),
    ):
        host.url = url
        with pytest.raises(NotReached, match=words) as refused:
            await host.status()
        assert "hunter2" not in str(refused.value)
    assert not (tmp_path / "else").exists()


@pytest.mark.endurance
async def test_a_rollback_whose_command_was_killed_is_carried_on_by_the_next(host):
    killed = subprocess.run(
        [sys.executable, "-m", "bot", "rollback", "sample-1", "the disk is full"],
        cwd=ROOT,
        env={**ENVIRON, **host.environment, "ROLLOUT_KILL_AT": "effect-recorded:1"},
        capture_output=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert (await host.seen()).rollout.run("only").state is State.ROLLING_BACK
    assert await host.order("rollback", "again", take_over=True) == 0
    assert "this command goes on with it." in host.text
    assert "only is rolled back." in host.text
    run = (await host.seen()).rollout.run("only")
    assert (run.state, run.locked) == (State.ROLLED_BACK, "the disk is full")
