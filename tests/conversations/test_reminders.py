"""A guild that has not answered is reminded at half time and near the end, in the thread, and nobody else is."""

from datetime import timedelta

import pytest

from bot.domain.entries import Happened
from bot.domain.people import Person
from bot.domain.posts import Place
from bot.domain.refusals import Refusal
from bot.domain.timers import TimerKind
from bot.ports import Busy, Change
from bot.views.notes import note, note_meanings
from bot.workflows.reminders import Reminders

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Reminded:
    """A proposed phase, and what its guilds are reminded of."""

    def __init__(self, walker):
        self.walker, self.stage = walker, walker.stage
        self.reminders = Reminders(self.stage.rollouts, self.stage.clock)
        self.devops = walker.people["devops-0"]

    async def propose(self):
        await self.walker.start()
        self.began = self.stage.clock.now()
        return self

    async def at(self, **span):
        """Go on to so long after the question, and fire what is due as the waker would, a little late at most."""
        await self.walker.pass_time(self.began + timedelta(**span) - self.stage.clock.now() + MINUTE)

    async def away_until(self, **span):
        """The bot is down meanwhile."""
        self.stage.clock.advance(self.began + timedelta(**span) - self.stage.clock.now())
        await self.stage.firing.sweep()

    def posts(self, kind=Happened.APPROVAL_REMINDED):
        return [post for post in self.stage.rollouts._outbox.posts if post.topic == kind]

    def guilds(self, kind=Happened.APPROVAL_REMINDED):
        return sorted(post.facts["guild"] for post in self.posts(kind))

    def timers(self):
        found = [each for each in self.stage.timers.all if each.kind is TimerKind.APPROVAL_REMINDER]
        return {each.subject: each.due_at - self.began for each in found}

    async def later(self, guild="devops", by=None):
        return await self.reminders.later("small-1", "staging", guild, by or self.devops)

    async def words(self, post):
        seen = await self.walker.seen()
        return note(post, seen, {}).text


@pytest.fixture
async def asked(walker):
    return await Reminded(walker).propose()


async def test_each_guild_is_reminded_at_half_time_and_near_the_end_and_then_no_more(asked):
    await asked.at(hours=11, minutes=50)
    assert asked.posts() == []
    await asked.at(hours=12)
    assert asked.guilds() == ["devops", "security"]
    await asked.at(hours=21, minutes=30)
    assert len(asked.posts()) == 2
    await asked.at(hours=21, minutes=36)
    assert asked.guilds() == ["devops", "devops", "security", "security"]
    await asked.at(hours=26)
    assert len(asked.posts()) == 4
    assert asked.timers() == {}


async def test_it_is_said_in_the_thread_with_who_is_missing_and_how_long_is_left(asked):
    await asked.at(hours=12)
    (post, *_) = asked.posts()
    assert post.place is Place.THREAD
    words = await asked.words(post)
    assert "still waits for 1 of DevOps" in words
    assert "expires in 11 h 59 min" in words or "expires in 12 h" in words
    moves = [(each.move, each.subject) for each in note_meanings(post, await asked.walker.seen())]
    assert moves == [("request", ""), ("later", "devops")]


async def test_reminders_add_no_message_to_the_channel(asked):
    before = [each for each in asked.stage.rollouts._outbox.posts if each.place is Place.CHANNEL]
    await asked.at(hours=23)
    assert [each for each in asked.stage.rollouts._outbox.posts if each.place is Place.CHANNEL] == before


async def test_a_guild_that_has_enough_is_not_reminded_and_is_again_when_a_yes_is_withdrawn(asked):
    await asked.walker.approve(guilds=("devops",))
    await asked.at(hours=12)
    assert asked.guilds() == ["security"]
    await asked.stage.proposals.withdraw("small-1", "staging", asked.devops)
    await asked.at(hours=22)
    assert asked.guilds() == ["devops", "security", "security"]


async def test_a_denied_request_reminds_nobody(asked):
    await asked.stage.proposals.deny("small-1", "staging", "not today", asked.devops)
    assert asked.timers() == {}
    await asked.at(hours=30)
    assert asked.posts() == []


async def test_a_withdrawn_request_reminds_nobody(asked):
    await asked.stage.progress.abort("small-1", "staging", "not today", asked.walker.runner)
    assert asked.timers() == {}
    await asked.at(hours=30)
    assert asked.posts() == []


async def test_a_started_phase_reminds_nobody(asked):
    await asked.walker.approve()
    assert isinstance(await asked.walker.start(), Change)
    assert asked.timers() == {}


async def test_an_expired_request_reminds_nobody(asked):
    await asked.away_until(hours=25)
    assert asked.posts() == []
    assert asked.posts(Happened.REMINDER_SKIPPED) == []
    assert asked.timers() == {}
    assert Happened.APPROVAL_EXPIRED in await asked.walker.kinds()


async def test_a_changed_digest_begins_the_time_anew(asked, walker):
    await asked.at(hours=12)
    await walker.approve()
    walker.shelf.files["staging.env"] = "ON=false\n"
    await walker.start()
    assert Happened.PROPOSAL_CHANGED in await walker.kinds()
    passed = asked.stage.clock.now() - asked.began
    assert asked.timers() == {"devops": passed + 12 * HOUR, "security": passed + 12 * HOUR}
    (old, *_) = asked.posts()
    assert note_meanings(old, await walker.seen()) == ()


async def test_after_a_long_absence_there_is_one_reminder_that_says_so(asked):
    await asked.away_until(hours=22)
    assert asked.guilds() == ["devops", "security"]
    assert "An earlier reminder was missed" in await asked.words(asked.posts()[0])
    await asked.at(hours=30)
    assert len(asked.posts()) == 2


async def test_a_missed_reminder_is_skipped_and_told_when_the_next_one_is_near(asked):
    await asked.away_until(hours=21, minutes=30)
    assert asked.posts() == []
    assert asked.guilds(Happened.REMINDER_SKIPPED) == ["devops", "security"]
    assert "was skipped, since the bot was away; the next one comes at" in await asked.words(
        asked.posts(Happened.REMINDER_SKIPPED)[0]
    )
    await asked.at(hours=21, minutes=36)
    assert asked.guilds() == ["devops", "security"]


async def test_a_missed_reminder_is_said_late_when_the_next_one_is_far(asked):
    await asked.away_until(hours=15)
    assert asked.guilds() == ["devops", "security"]
    assert "missed" not in await asked.words(asked.posts()[0])
    await asked.at(hours=22)
    assert len(asked.posts()) == 4


async def test_remind_me_later_moves_the_next_one_by_an_hour_and_records_who(asked):
    await asked.at(hours=12)
    assert isinstance(await asked.later(), Change)
    assert asked.timers()["devops"] == timedelta(hours=22, minutes=36)
    assert asked.timers()["security"] == timedelta(hours=21, minutes=36)
    (snoozed,) = asked.posts(Happened.REMINDER_SNOOZED)
    assert snoozed.actor == asked.devops.id
    assert Happened.REMINDER_SNOOZED in await asked.walker.kinds()
    await asked.at(hours=22)
    assert asked.guilds() == ["devops", "security", "security"]
    await asked.at(hours=23)
    assert asked.guilds() == ["devops", "devops", "security", "security"]


async def test_two_who_ask_for_later_at_once_move_it_once(asked):
    await asked.at(hours=12)
    await asked.later()
    await asked.later()
    assert asked.timers()["devops"] == timedelta(hours=22, minutes=36)


async def test_after_the_last_reminder_later_is_an_hour_from_now_and_never_past_the_expiry(asked):
    await asked.at(hours=22)
    assert asked.timers() == {}
    await asked.later()
    assert HOUR - MINUTE <= asked.timers()["devops"] - (asked.stage.clock.now() - asked.began) <= HOUR
    await asked.at(hours=23, minutes=20)
    await asked.later()
    assert asked.timers()["devops"] == timedelta(hours=23, minutes=50)
    await asked.at(hours=23, minutes=55)
    answer = await asked.later()
    assert isinstance(answer, Refusal)
    assert answer.code == "last-reminder"


async def test_only_a_member_of_the_guild_puts_its_reminder_off(asked):
    before = asked.timers()
    answer = await asked.later("security")
    assert isinstance(answer, Refusal)
    assert answer.code == "approval-member"
    answer = await asked.later(by=Person("U0X", "x"))
    assert isinstance(answer, Refusal)
    assert asked.timers() == before


async def test_a_guild_that_has_enough_cannot_be_reminded_later(asked):
    await asked.walker.approve()
    answer = await asked.later()
    assert isinstance(answer, Refusal)
    assert answer.code == "not-now"


async def test_a_crash_after_the_write_says_nothing_twice(asked):
    """The claim of a timer whose work is recorded is void: a second process finds it moved or gone."""
    asked.stage.clock.advance(12 * HOUR)
    due = await asked.stage.timers.due(now=asked.stage.clock.now(), real=asked.stage.clock.real())
    mine = [timer for timer in due if timer.kind is TimerKind.APPROVAL_REMINDER]
    for timer in mine:
        await asked.reminders.remind(timer)  # and the process dies before it finishes the timer
    asked.stage.clock.advance(5 * MINUTE)
    await asked.stage.firing.sweep()
    assert asked.guilds() == ["devops", "security"]
    entries = [kind for kind in await asked.walker.kinds() if kind is Happened.APPROVAL_REMINDED]
    assert len(entries) == 2
    await asked.at(hours=22)
    assert len(asked.posts()) == 4


async def test_a_busy_store_puts_a_reminder_off_and_loses_none(asked):
    asked.stage.clock.advance(12 * HOUR)
    asked.stage.rollouts.troubles += [Busy("busy")] * 2
    await asked.stage.firing.sweep()
    await asked.at(hours=12, minutes=1)
    assert asked.guilds() == ["devops", "security"]
