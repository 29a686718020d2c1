"""Outages: what a person can do while Slack's Web API is down, and how soon a lost socket is told of."""

import time

import pytest

from tests.e2e.town import Bot, Town, until, words

DEAD = "http://127.0.0.1:9/api/"


@pytest.fixture
def begun(tmp_path, request):
    """A town with a proposed phase, whose bot has met Dana and Stan and has been stopped."""
    town = Town("--no-bot", "--mode", request.param)
    try:
        bot = Bot(town, tmp_path / "bot.log")
        bot.await_connected()
        for person, text in (("stan", "status"), ("dana", "start staging")):
            answer = until(lambda p=person, t=text: (done := town.command(p, t))["ok"] and done, what=text)
            assert answer["ok"]
        # Whom Slack vouched for is written down after the answer.
        time.sleep(0.5)
        bot.stop()
        yield town, tmp_path / "bot.log"
    finally:
        town.close()


@pytest.mark.parametrize("begun", ["http"], indirect=True)
@pytest.mark.parametrize("how", ["refused", pytest.param("hanging", marks=pytest.mark.endurance)])
def test_the_first_command_after_a_start_is_served_while_slack_is_down(begun, how, record_property):
    town, log = begun
    if how == "hanging":
        town.post("faults", hang_next=100_000)
    bot = Bot(town, log, **({"SLACK_API_URL": DEAD} if how == "refused" else {}))
    try:
        began = time.monotonic()
        bot.await_connected()
        held = town.command("stan", "hold odd graphs")
        served = time.monotonic() - began
        assert "staging is held" in words(held["response"])
        assert held["ack_ms"] < 3000
        status = town.command("dana", "status")
        assert "odd graphs" in words(status["response"])
        # What needs a guild is answered honestly: who is in it cannot be known now.
        no = town.command("dana", "resume")
        assert "Slack cannot say who is who" in words(no["response"]) or "took too long" in words(no["response"])
        stranger = town.command("gwen", "status")
        assert "Slack cannot say who is who" in words(stranger["response"])
        record_property(
            "figure", f"Slack {how}: held {served:.1f} s after the start, answered within {held['ack_ms']:.0f} ms"
        )
    finally:
        bot.stop()


@pytest.mark.endurance
@pytest.mark.parametrize("begun", ["socket"], indirect=True)
def test_a_socket_is_used_before_slack_says_who_we_are(begun):
    town, log = begun
    town.post("faults", server_error_next=100_000, methods=["auth.test", "users.info"])
    bot = Bot(town, log)
    try:
        bot.await_connected()
        held = town.command("stan", "hold odd graphs")
        assert held["ok"], held
        assert "staging is held" in words(held["response"])
    finally:
        bot.stop()


@pytest.mark.endurance
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"silence_sockets": True}, "the socket is silent"),
        ({"refuse_sockets": True, "disconnect": "link_disabled"}, "link_disabled"),
    ],
)
def test_a_lost_socket_is_told_within_a_minute_and_made_anew(fault, why, record_property):
    town = Town()
    try:
        log = f"{town.told['tmp']}/bot.log"
        began = time.monotonic()
        town.post("faults", **fault)
        until(lambda: "The bot has no connection to Slack" in _read(log), 60, what="an alarm")
        noticed = time.monotonic() - began
        assert why in _read(log)
        town.post("faults", reset=True)
        until(lambda: town.get("faults")["sockets"] > 0 and town.command("dana", "help")["ok"], 60, what="a new socket")
        record_property("figure", f"{fault}: told after {noticed:.0f} s, back after {time.monotonic() - began:.0f} s")
    finally:
        town.close()


def _read(path):
    with open(path) as log:
        return log.read()
