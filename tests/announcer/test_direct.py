"""Direct messages: once, to those who may read it at the moment of sending, and beside the channel's own pace."""

from dataclasses import replace

import pytest

from bot.announcer import Paced
from bot.domain.entries import Happened
from bot.domain.people import Kind, Person
from bot.domain.posts import Place, Post
from bot.domain.rollout import State
from bot.ports import Unreachable
from bot.rehearsal.directory import RehearsalDirectory
from bot.workflows.addressing import Addressees

OMAR = "U0OMAR"


def direct(world, key="a", topic="request", **facts):
    digest = {"digest": world.digest, "attempt": 1, "because": "approvals"}
    world.put(Post(f"{key}/to/{OMAR}", "gitguard-1", Place.DIRECT, topic, "canary", "U0ENGINEER", digest | facts, OMAR))


async def test_it_goes_to_the_person_and_says_why_it_comes(world):
    direct(world)
    await world.settle()
    (said,) = world.channel.said
    assert (said.channel, said.thread, said.key) == (OMAR, None, f"a/to/{OMAR}")
    assert "you subscribed to `approvals`" in str(said.message.blocks)


async def test_a_reason_against_it_keeps_it_unsent_for_good(world):
    world.addressees.no = "no full member of the workspace"
    direct(world)
    await world.settle()
    world.addressees.no = ""
    await world.settle()
    assert world.channel.calls == []
    assert world.outbox.state(f"a/to/{OMAR}") == ("refused", "no full member of the workspace")


async def test_while_it_cannot_be_known_it_waits_and_keeps_nothing_else_waiting(world):
    world.addressees.trouble = Unreachable("Slack does not answer")
    direct(world)
    world.card()
    await world.settle(rounds=3)
    assert [each.key for each in world.channel.said] == ["card/gitguard-1"]
    world.addressees.trouble = None
    await world.settle()
    assert [each.key for each in world.channel.said] == ["card/gitguard-1", f"a/to/{OMAR}"]


async def test_without_anybody_to_say_who_may_read_it_nobody_does(world):
    world.announcer = replace(world.announcer, addressees=None)
    direct(world)
    await world.settle()
    assert world.channel.said == []


async def test_a_persons_pause_does_not_stop_the_channel(world):
    world.channel.trouble("post", Paced(60))
    direct(world)
    await world.announcer.send_waiting()
    world.card()
    await world.announcer.send_waiting()
    assert [each.key for each in world.channel.said] == ["card/gitguard-1"]


async def test_a_lost_answer_is_looked_for_in_the_persons_own_conversation(world):
    world.channel.trouble("post", Unreachable("no answer"), delivers=True)
    direct(world)
    await world.settle(seconds=6)
    assert len(world.channel.said) == 1
    assert ("look", f"a/to/{OMAR}") in world.channel.calls


async def test_a_direct_request_is_not_drawn_again(world):
    world.card()
    world.request()
    direct(world)
    await world.settle()
    world.rollouts.seen = world.snapshot(State.ABORTED)
    world.card()
    await world.settle()
    request = next(each for each in world.channel.said if each.channel == OMAR)
    assert [call for call in world.channel.calls if call == ("update", request.ts)] == []


async def test_a_reminder_calls_the_guild_once_in_the_thread_and_not_in_a_direct_message(world):
    async def mention(guild):
        return "<!subteam^S0DEVOPS>"

    world.fresh(mentions=mention)
    world.card()
    world.note(
        "r", Place.THREAD, Happened.APPROVAL_REMINDED, guild="devops", missing=1, left="12 h", digest=world.digest
    )
    direct(world, "r", Happened.APPROVAL_REMINDED.value, guild="devops", missing=1, left="12 h")
    await world.settle()
    said = {each.key: str(each.message) for each in world.channel.said}
    assert said["r"].count("<!subteam^S0DEVOPS>") == 1
    assert "still waits for 1 of DevOps; the request expires in 12 h" in said["r"]
    assert "<!subteam" not in said[f"r/to/{OMAR}"]


class Asked:
    """The real rule over twins: one person, the channels that he is in, and a request."""

    def __init__(self, world):
        self.world = world
        self.rooms = frozenset({"#gitguard-rollout"})
        self.person = Person(OMAR, "omar", frozenset({"devops"}))

    async def rooms_of(self, user):
        assert user == OMAR
        return self.rooms

    async def unwanted(self, seen=None, **facts):
        directory = RehearsalDirectory({OMAR: self.person})
        digest = {"digest": self.world.digest, "attempt": 1, "because": "approvals"}
        post = Post("a", "gitguard-1", Place.DIRECT, "request", "canary", "U0ENGINEER", digest | facts, OMAR)
        return await Addressees(directory, self.rooms_of, self.world.clock).unwanted(
            post, seen or self.world.snapshot()
        )


@pytest.fixture
def asked(world):
    return Asked(world)


async def test_a_member_of_the_asked_guild_in_the_channel_is_told(asked):
    assert await asked.unwanted() == ""


@pytest.mark.parametrize("kind", [Kind.GUEST, Kind.BOT, Kind.FOREIGN])
async def test_whoever_is_no_full_member_any_more_is_not(asked, kind):
    asked.person = replace(asked.person, kind=kind)
    assert await asked.unwanted() == "no full member of the workspace"


async def test_whoever_left_the_channel_is_not(asked):
    asked.rooms = frozenset({"#general"})
    assert await asked.unwanted() == "not in the rollout's channel"


async def test_an_approval_is_not_asked_of_other_guilds_nor_of_who_asked_nor_when_it_is_over(asked, world):
    asked.person = replace(asked.person, guilds=frozenset({"security"}))
    assert await asked.unwanted() == "not asked, or answered already"
    asked.person = replace(asked.person, guilds=frozenset({"devops"}))
    assert await asked.unwanted(digest="another") == "not asked any more"
    assert await asked.unwanted(world.snapshot(State.ABORTED)) == "not asked any more"
    assert await asked.unwanted(guild="security") == "not asked, or answered already"
    seen = world.snapshot()
    (run,) = seen.rollout.phases
    mine = replace(seen, rollout=replace(seen.rollout, phases=(replace(run, requested_by=OMAR),)))
    assert await asked.unwanted(mine) == "not asked, or answered already"


async def test_who_follows_a_rollout_for_another_reason_is_told_whether_asked_or_not(asked, world):
    assert await asked.unwanted(world.snapshot(State.ABORTED), because="mine") == ""
