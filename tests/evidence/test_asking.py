"""`/rollout evidence`: answered at once, sealed after it, handed to the thread of a real local Slack."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.domain.refusals import Refusal
from bot.rehearsal.clock import RehearsalClock
from bot.workflows.evidence import Sealed
from commands.evidence import SlackCourier
from tests.commands.conftest import GUEST, ROOM, STRANGER, House, read
from tests.sandbox.conftest import slack, start  # noqa: F401 - fixtures

AT = RehearsalClock().real()
SEALED = Sealed("sample-1", AT, "ab" * 32, "cd" * 32, 4711, "sample/sample-1/20260301T123005Z/sample-1.zip")


@dataclass
class Evidence:
    """Plays the port; `go_on` lets the sealing end."""

    answer: Sealed | Refusal = SEALED
    asked: list = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def seal(self, rollout, by, *, again=True):
        self.asked.append((rollout, by, again))
        await self.go_on.wait()
        return self.answer


@pytest.fixture
def evidence():
    made = Evidence()
    made.go_on.set()
    return made


@pytest.fixture
def house(evidence):
    made = House()
    made.office = replace(made.office, evidence=evidence)
    made.desk = replace(made.desk, office=made.office)
    return made


async def test_it_is_answered_before_anything_is_sealed(house, evidence):
    await house.proposed()
    evidence.go_on.clear()
    from commands.desk import Ask
    from commands.verbs import spoken

    ask = Ask(STRANGER, ROOM, ("evidence",), "t1")
    answer = await spoken(house.desk, ask)
    assert "Sealing the evidence of sample-1" in read(answer)
    assert evidence.asked == []
    evidence.go_on.set()
    await house.desk.errands.settle()
    assert evidence.asked == [("sample-1", STRANGER, False)]


async def test_when_all_went_well_the_thread_says_it_and_nobody_is_whispered_to(house):
    await house.proposed()
    await house.says("evidence", STRANGER)
    assert house.hands.whispered == []
    assert house.hands.said == []


async def test_what_slack_refused_is_told_in_the_thread_and_to_the_one_who_asked(house, evidence):
    await house.proposed()
    evidence.answer = replace(SEALED, trouble="Slack did not take a copy (x).", channel="C0ROLLOUT", thread="1.5")
    await house.says("evidence", STRANGER)
    ((channel, thread, message),) = house.hands.said
    assert (channel, thread) == ("C0ROLLOUT", "1.5")
    for part in (SEALED.head, SEALED.sha256, SEALED.path, "Slack did not take a copy"):
        assert part in message.text
    assert [person for _, _, person, _ in house.hands.whispered] == [STRANGER]


async def test_a_closed_rollout_is_asked_for_by_name(house, evidence):
    await house.proposed()
    await house.says("abort staging because")
    await house.says("close")
    assert "Name the rollout that has ended, such as" in await house.says("evidence", STRANGER)
    assert "Sealing the evidence of sample-1" in await house.says("evidence sample-1", STRANGER)
    assert evidence.asked == [("sample-1", STRANGER, False)]


async def test_an_unknown_rollout_and_a_guest_get_nothing(house, evidence):
    await house.proposed()
    assert "There is no rollout 'sample-9'" in await house.says("evidence sample-9", STRANGER)
    misspelt = await house.says("evidence sampel-1", STRANGER)
    assert "There is no rollout 'sampel-1'" in misspelt
    assert "The one under way is sample-1" in misspelt
    assert "cannot use this bot" in await house.says("evidence", GUEST)
    assert evidence.asked == []


async def test_a_bug_while_sealing_holds_no_rollout(house, evidence):
    await house.proposed()

    async def broken(*_, **__):
        raise ZeroDivisionError

    evidence.seal = broken
    await house.says("evidence", STRANGER)
    assert (await house.run("staging")).hold is None
    assert "rollout-bug" in house.hands.whispered[0][3].text


async def test_the_file_comes_into_the_thread(slack):  # noqa: F811 - the fixture
    card = await slack.web.chat_postMessage(channel=ROOM, text="card")
    no = await SlackCourier(slack.web).hand(ROOM, card["ts"], "sample-1.zip", b"PK" * 400, SEALED.words)
    assert no == ""
    thread = (await slack.get("messages", channel=ROOM, thread_ts=card["ts"]))["messages"]
    assert SEALED.head in thread[-1]["text"]
    (file,) = thread[-1]["files"]
    assert (file["name"], file["size"]) == ("sample-1.zip", 800)


async def test_what_slack_refuses_is_answered_in_its_words(slack):  # noqa: F811 - the fixture
    courier = SlackCourier(slack.web)
    assert await courier.hand("C0NOWHERE", "1.0", "x.zip", b"PK", "") == "channel_not_found"
    assert await SlackCourier(slack.client("xoxb-nobody")).hand(ROOM, "1.0", "x.zip", b"PK", "") == "invalid_auth"


async def test_a_slack_that_cannot_be_reached_is_no_answer():
    from slack_sdk.web.async_client import AsyncWebClient

    courier = SlackCourier(AsyncWebClient(token="xoxb-x", base_url="http://127.0.0.1:9/api/", retry_handlers=[]))
    assert await courier.hand(ROOM, "1.0", "x.zip", b"PK", "") == "no answer"
