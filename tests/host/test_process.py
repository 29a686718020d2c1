"""The command line beside a real bot: it lives without Slack, then it is dead; the way back is there both times."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.e2e.town import ROOT, Bot, Town, until

PLANS = "tests/e2e/plans"


class Operator:
    """Somebody on the host, who has the bot's environment without its Slack tokens."""

    def __init__(self, town):
        told = {name: value for name, value in town.env.items() if not name.startswith("SLACK_")}
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "ROLLOUT_"))}
        self.env = {**keep, **told, "ROLLOUT_PLANS": PLANS}

    def types(self, *words, expect=0):
        argv = [sys.executable, "-m", "bot", *words]
        done = subprocess.run(argv, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def town():
    running = Town("--no-bot")
    yield running
    running.close()


def test_the_host_holds_without_slack_and_goes_back_without_the_bot(town, tmp_path):
    port = free_port()
    bot = Bot(
        town, tmp_path / "bot.log", ROLLOUT_PLANS=PLANS, ROLLOUT_METRICS_PORT=str(port), ROLLOUT_LOG_FORMAT="json"
    )
    operator = Operator(town)
    try:
        bot.await_connected()
        until(lambda: town.command("dana", "start only")["ok"], what="an answered command")
        town.press("omar", "Approve for DevOps")
        town.press_card("dana", "Start")
        town.await_card("soaking")
        # From here on Slack answers nothing at all.
        town.post("faults", refuse_sockets=True, server_error_next=1_000_000)
        assert operator.types("hold", "small-1", "the disk is full") == "small-1, only is held.\n"
        shown = operator.types("status")
        assert shown.startswith("Acting: ")
        assert "only soaking" in shown
        assert ": the disk is full" in shown
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            figures = answer.read().decode()
        assert "rollout_phases_held 1.0" in figures
        assert 'rollout_effects_total{ladder="forward",outcome="done"} 3.0' in figures
        bot.process.send_signal(signal.SIGKILL)
        bot.process.wait(10)
        gone_back = operator.types("rollback", "small-1", "still full")
        assert gone_back.startswith("No bot acts on this database")
        assert "only is rolled back." in gone_back
    finally:
        bot.stop()
