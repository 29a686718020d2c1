"""Ten thousand posts, a fifth of them with an answer that says nothing: each stands in the channel once, in order."""

import os
import random
import time

import pytest

from bot.announcer import NotSent, Paced
from bot.domain.posts import Place
from bot.ports import Unreachable
from tests.announcer.conftest import World

A_WORLD = 500
AMBIGUOUS = 0.2
BAD_LUCK = 0.03


class Unlucky:
    """Decides what befalls the calls of a channel."""

    def __init__(self, channel, dice):
        self.channel, self.dice, self.ambiguous = channel, dice, 0
        self._post = channel.post
        channel.post = self.post

    async def post(self, *args):
        chance = self.dice.random()
        if chance < AMBIGUOUS:
            self.ambiguous += 1
            self.channel.trouble("post", Unreachable("no answer"), delivers=self.dice.random() < 0.5)
        elif chance < AMBIGUOUS + BAD_LUCK:
            self.channel.trouble("post", Paced(1), delivers=False)
        elif chance < AMBIGUOUS + 2 * BAD_LUCK:
            self.channel.trouble("post", NotSent("refused"), delivers=False)
        return await self._post(*args)


async def told(dice, posts):
    """The keys that were written and those that the channel has, after all has settled; restarts included."""
    world = World()
    world.card()
    await world.settle()
    unlucky = Unlucky(world.channel, dice)
    written = [f"gitguard-1/{number}" for number in range(posts)]
    left = list(written)
    while left:
        for _ in range(dice.randrange(1, 20)):
            if left:
                world.note(left.pop(0), place=dice.choice((Place.THREAD, Place.CHANNEL)))
        if dice.random() < 0.1:
            world.fresh()
        await world.settle(seconds=dice.choice((0.5, 2, 11)), rounds=dice.randrange(1, 30))
    await world.settle(seconds=2, rounds=100_000)
    assert not await world.outbox.waiting()
    return written, world.channel.keys[1:], unlucky.ambiguous


async def sampled(count, record_property):
    seed = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
    dice = random.Random(seed)
    missing = doubled = disordered = ambiguous = 0
    for _ in range(count // A_WORLD):
        written, had, unclear = await told(dice, A_WORLD)
        ambiguous += unclear
        missing += len(set(written) - set(had))
        doubled += len(had) - len(set(had))
        disordered += written != had
    figure = f"{count} posts, {ambiguous} ambiguous answers: {missing} missing, {doubled} doubled (seed {seed})"
    record_property("figure", figure)
    assert ambiguous > count * AMBIGUOUS / 2, "the luck was too good to prove anything"
    assert (missing, doubled, disordered) == (0, 0, 0), figure


async def test_a_thousand_posts_with_ambiguous_answers_are_each_there_once_and_in_order(record_property):
    await sampled(1_000, record_property)


@pytest.mark.endurance
async def test_ten_thousand_posts_with_ambiguous_answers_are_each_there_once_and_in_order(record_property):
    await sampled(10_000, record_property)
