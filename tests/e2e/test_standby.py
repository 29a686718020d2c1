"""Two processes on one database: the one that acts is stopped past its lease and goes on; only one ever writes."""

import os
import signal
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from tests.e2e.test_kills import SMALL
from tests.e2e.town import Bot, Town, until, words

STOPS = 200
PARTS = 4  # so that the parts run beside each other
SAYS_WITHIN = 10.0


class Pair:
    """Two bots of one town, and who of them holds the lease."""

    def __init__(self, town, folder):
        self.town = town
        self.bots = [Bot(town, folder / f"bot-{number}.log", ROLLOUT_PLANS=SMALL) for number in range(2)]
        self.logs = [folder / f"bot-{number}.log" for number in range(2)]
        until(lambda: town.get("faults").get("sockets", 0) > 0, what="a connected bot")

    def ask(self, sql, *values):
        database = self.town.env["DATABASE_URL"].split("///")[1]
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as opened:
            return opened.execute(sql, values).fetchone()

    def holder(self):
        """The bot whose number is on the lease, and its fence."""
        name, fence = self.ask("select holder, fence from lease")
        pid = int(name.split("/")[1])
        return next(bot for bot in self.bots if bot.process.pid == pid), fence

    def recorded(self, words):
        return self.ask("select count(*) from ledger where instr(payload, ?) > 0", words.encode())[0]

    def stop(self):
        for bot in self.bots:
            bot.process.send_signal(signal.SIGCONT)
            bot.stop()


def soaking(town):
    """The small rollout as far as its soak."""

    def step():
        card = town.card()
        if card and "soaking" in words(card):
            return True
        for person, label in (("dana", "Start"), ("omar", "Approve for DevOps")):
            found = town.button(person, label)
            if found:
                town.click(person, found)
                return False
        if not card:
            town.command("dana", "start only")
        return False

    until(step, 90, 0.3, what="a soaking phase")


def stop_past_the_lease(pair, mark):
    """Stop the process that acts while a command is on its way to it, and let it go on after the other took over.

    Answers the seconds from the stop until the other one has said that it acts.
    """
    stopped, fence = pair.holder()
    said = len(restarts(pair.town))
    stopped.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        # Only the stopped process is connected, so this waits in its socket until it goes on.
        asking = threading.Thread(target=pair.town.command, args=("dana", f"hold {mark}"))
        asking.start()
        until(lambda: pair.holder()[1] > fence, 20, what="a new holder of the lease")
        until(lambda: len(restarts(pair.town)) > said, 20, what="words about the take-over")
        took = time.monotonic() - began
        asking.join()
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    told = stopped.process.pid
    until(lambda: lost(pair, told) or stopped.died(), 20, what="a process that knows that it lost the lease")
    assert not stopped.died(), "the process that lost the lease should stand by"
    return took


def restarts(town):
    return [each for each in town.thread() if "The bot has started again" in words(each)]


def lost(pair, pid):
    """How often this process has said that it lost its lease, told apart from the last time asked."""
    bot = next(bot for bot in pair.bots if bot.process.pid == pid)
    count = pair.logs[pair.bots.index(bot)].read_text(errors="replace").count("lease.lost")
    grown = count > getattr(bot, "losses", 0)
    bot.losses = count
    return grown


def stopped_often(folder, times):
    town, pair = Town("--no-bot"), None
    try:
        pair = Pair(town, folder)
        soaking(town)
        late = stale = 0
        slowest = 0.0
        for number in range(times):
            mark = f"stale-{os.getpid()}-{number}-end"
            took = stop_past_the_lease(pair, mark)
            slowest = max(slowest, took)
            late += took > SAYS_WITHIN
            stale += pair.recorded(mark)
        return stale, late, slowest
    finally:
        if pair:
            pair.stop()
        town.close()


def judged(folder, times, record_property):
    stale, late, slowest = stopped_often(folder, times)
    record_property("figure", f"{times} stops: {stale} stale writes, slowest take-over told after {slowest:.1f} s")
    assert (stale, late) == (0, 0), (stale, late, slowest)


def test_a_process_that_was_stopped_past_its_lease_writes_nothing(tmp_path, record_property):
    judged(tmp_path, 1, record_property)


@pytest.mark.endurance
@pytest.mark.parametrize("part", range(PARTS))
def test_stopped_two_hundred_times_past_its_lease(tmp_path, part, record_property):
    judged(tmp_path, STOPS // PARTS, record_property)
