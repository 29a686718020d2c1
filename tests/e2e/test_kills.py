"""Kills: the bot dies by SIGKILL at beats and at random instants, is started again, and nothing is lost or doubled."""

import os
import random
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.ports import Beat
from storage.session import Session
from storage.verification import verify_all
from tests.e2e.town import Bot, Town, until, words

SMALL = str(Path(__file__).with_name("plans"))
PER_GAP = 10
RANDOM_KILLS = 100
PARTS = 4  # so that the parts run beside each other
EFFECTS = ["restart", "deploy", "http"]


class Story:
    """The small rollout, carried on by whoever is alive."""

    def __init__(self, town, log, **env):
        self.town, self.log = town, log
        self.env = {"ROLLOUT_PLANS": SMALL}
        self.deaths = 0
        self.begin(**env)

    def begin(self, **env):
        self.bot = Bot(self.town, self.log, **self.env, **env)
        self.bot.await_connected()

    def again(self):
        """A fresh bot after a death."""
        self.bot.stop()
        self.deaths += 1
        self.begin()

    def step(self):
        """Do the next thing that a person would; answers whether the rollout soaks or is further."""
        town = self.town
        card = town.card()
        shown = words(card) if card else ""
        if "soaking" in shown or "ready" in shown:
            return True
        if card and town.button("dana", "Retry", card):
            raise AssertionError("a step asked for a human: " + shown)
        start = town.button("dana", "Start", card) if card else None
        approve = town.button("omar", "Approve for DevOps")
        if start:
            town.click("dana", start)
        elif approve:
            town.click("omar", approve)
        elif "proposed" not in shown and "starting" not in shown:
            town.command("dana", "start only")
        return False

    def carry(self, seconds=60):
        """Go on until it soaks, starting a new bot whenever one has died."""
        end = time.monotonic() + seconds
        while not self.step():
            if self.bot.died():
                self.again()
            assert time.monotonic() < end, words(self.town.card() or {})
            time.sleep(0.1)

    def await_truth(self):
        """The card must come to say that the phase soaks; otherwise say what is there instead."""
        try:
            until(lambda: "soaking" in words(self.town.card() or {}))
        except AssertionError:
            database = self.town.env["DATABASE_URL"].split("///")[1]
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as opened:
                intents = opened.execute("select id, stage, body from intents").fetchall()
                outbox = opened.execute("select id, key, state, tries from outbox").fetchall()
            raise AssertionError(f"{words(self.town.card() or {})}\n{intents}\n{outbox}") from None

    def check(self):
        """Every effect once at the target, every message once in the channel, every record in its chain."""
        self.await_truth()
        kinds = [effect["kind"] for effect in self.town.target()["effects"]]
        assert sorted(kinds) == sorted(EFFECTS), kinds
        keys = [
            message["metadata"]["event_payload"]["key"]
            for message in [*self.town.messages(), *self.town.thread()]
            if message.get("metadata")
        ]
        assert len(keys) == len(set(keys)), sorted(keys)
        database = self.town.env["DATABASE_URL"].split("///")[1]
        with create_engine(f"sqlite:///{database}").connect() as connection:
            assert verify_all(Session(connection)) == ()
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as opened:
            started = opened.execute("select count(*) from ledger where kind = 'PhaseStarted'").fetchone()[0]
        assert started == 1


def killed_at(tmp_path, beat, nth):
    """One rollout whose bot dies at the nth time of this beat."""
    town = Town("--no-bot")
    story = None
    try:
        story = Story(town, tmp_path / "bot.log", ROLLOUT_KILL_AT=f"{beat}:{nth}")
        story.carry()
        story.check()
        assert story.deaths == 1, "the beat was never reached"
    finally:
        if story:
            story.bot.stop()
        town.close()


@pytest.mark.parametrize("beat", Beat)
def test_killed_once_at_every_beat_nothing_is_lost_or_doubled(tmp_path, beat):
    killed_at(tmp_path, beat, 1)


def test_after_a_kill_the_bot_says_within_ten_seconds_what_it_does_not_know(tmp_path):
    town = Town("--no-bot")
    story = None
    try:
        story = Story(town, tmp_path / "bot.log", ROLLOUT_KILL_AT=f"{Beat.EFFECT_DONE}:2")
        until(lambda: story.step() or story.bot.died(), what="a bot that dies")
        story.bot.stop()
        story.begin()
        told = until(lambda: town.says("The bot has started again", town.thread()), 10, what="words about the restart")
        assert "Deploy 1.5.0 (begun, its end is not known" in words(told)
    finally:
        if story:
            story.bot.stop()
        town.close()


@pytest.mark.endurance
@pytest.mark.parametrize("nth", range(1, PER_GAP + 1))
@pytest.mark.parametrize("beat", Beat)
def test_killed_ten_times_in_every_gap(tmp_path, beat, nth):
    # A small rollout has three effects; later occurrences come from its messages and commands.
    killed_at(tmp_path, beat, 1 + (nth - 1) % 3)


@pytest.mark.endurance
@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_random_instants(tmp_path, part, record_property):
    seed = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
    record_property("figure", f"seed {seed}; SEED={seed} make endurance repeats it")
    dice = random.Random(f"{seed}/{part}")
    kills = 0
    while kills < RANDOM_KILLS // PARTS:
        town = Town("--no-bot")
        story = None
        try:
            story = Story(town, tmp_path / "bot.log")
            for _ in range(5):
                end = time.monotonic() + dice.uniform(0.05, 1.5)
                while time.monotonic() < end and not story.step():
                    time.sleep(0.02)
                story.bot.process.kill()
                story.bot.process.wait()
                kills += 1
                story.again()
            story.carry()
            story.check()
        finally:
            if story:
                story.bot.stop()
            town.close()
    record_property("figure", f"{kills} kills, 0 lost, 0 doubled, 0 ledger breaks")
