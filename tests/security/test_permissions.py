"""The permission matrix: every verb and button for every kind of person, through the real directory."""

from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError

from bot.views.modals import MODALS
from commands.directory import SlackDirectory
from commands.verbs import PRESSES, VERBS
from tests.commands.conftest import ELSEWHERE, House, read
from tests.commands.test_permissions import FORBIDDEN, FORM, SUBJECTS, WORDS
from tests.security.counts import counted, dice

TABLE = Path(__file__).with_name("permissions.txt")
OURS, THEIRS = "T0HOME", "T0OTHER"
# What Slack's users.info says of each kind, and the user groups that they are in; by column of the table.
DEVOPS, SECURITY, BOTH = ("devops",), ("security",), ("devops", "security")
KINDS = {
    "devops": ({}, DEVOPS),
    "security": ({}, SECURITY),
    "both": ({}, BOTH),
    "requester": ({}, DEVOPS),
    "runner": ({}, DEVOPS),
    "grid": ({"enterprise_user": {"id": "W0GRID", "enterprise_id": "E0ORG", "teams": [OURS]}}, DEVOPS),
    "other-guild": ({}, ("marketing",)),
    "plain": ({}, ()),
    "outside": ({}, BOTH),
    "guest": ({"is_restricted": True}, BOTH),
    "single-guest": ({"is_restricted": True, "is_ultra_restricted": True}, BOTH),
    "bot": ({"is_bot": True}, BOTH),
    "slackbot": ({"id": "USLACKBOT"}, BOTH),
    "deactivated": ({"deleted": True}, BOTH),
    "other-team": ({"team_id": THEIRS}, BOTH),
    "connect": ({"is_stranger": True}, BOTH),
    "grid-elsewhere": ({"team_id": THEIRS, "enterprise_user": {"enterprise_id": "E0ORG", "teams": [OURS]}}, BOTH),
    "unknown": (None, BOTH),
}
FULL = ("devops", "security", "both", "requester", "runner", "grid", "other-guild", "plain", "outside")
NOT_HERE = "No plan lives in this channel"
USER = {kind: "USLACKBOT" if kind == "slackbot" else f"U0{kind.upper().replace('-', '')}" for kind in KINDS}


class Slack:
    """A Web API of one workspace, as far as the directory asks it."""

    async def auth_test(self):
        return {"team_id": OURS}

    async def users_info(self, *, user):
        kind = next((each for each, known in USER.items() if known == user), "unknown")
        marks = KINDS[kind][0]
        if marks is None:
            raise SlackApiError("no", {"ok": False, "error": "user_not_found"})
        return {"user": {"id": user, "team_id": OURS, "name": kind, **marks}}

    async def usergroups_list(self):
        return {"usergroups": [{"id": f"S0{each.upper()}", "handle": f"{each}-team"} for each in BOTH]}

    async def usergroups_users_list(self, *, usergroup):
        return {
            "users": [
                USER[kind] for kind, (_, groups) in KINDS.items() for each in groups if f"S0{each.upper()}" == usergroup
            ]
        }


def moved_in():
    """The house of the door's own tests, with the real directory over a Slack that knows all these people."""
    house, slack = House(), SlackDirectory(Slack())
    house.directory.person, house.directory.members = slack.person, slack.members
    return house


async def proposed():
    house = moved_in()
    assert "proposed" in await house.says("start staging", USER["requester"])
    await house.read_gates()
    return house


async def soaking():
    house = await proposed()
    assert "approved" in await house.says("approve", USER["devops"])
    assert "approved" in await house.says("approve", USER["security"])
    assert "started" in await house.says("start", USER["runner"])
    return house


def rows():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    columns = next(line.split()[2:] for line in lines if line.startswith("# columns:"))
    for line in lines:
        if not line.startswith("#"):
            kind, name, *cells = line.split()
            yield kind, name, dict(zip(columns, cells, strict=True))


CASES = [(kind, name, who, cell) for kind, name, cells in rows() for who, cell in cells.items() if cell != "."]


def test_every_verb_and_every_button_has_a_row_and_every_kind_of_person_a_column():
    named = [(kind, name) for kind, name, _ in rows()]
    assert sorted(named) == sorted([("verb", name) for name in VERBS] + [("press", move) for move in PRESSES])
    assert all(cells.keys() == KINDS.keys() and set(cells.values()) <= {"y", "n", "."} for _, _, cells in rows())


async def told_of(house, kind, name, who):
    if kind == "verb":
        where = {"channel": ELSEWHERE} if who == "outside" else {}
        return [await house.says(f"{name} {WORDS.get(name, '')}", USER[who], **where)]
    meaning = await house.meaning(name, subject=SUBJECTS.get(name, ""))
    told = [read(await house.press(meaning, USER[who]))]
    return [*told, read(await house.send(meaning, FORM, USER[who]))] if name in MODALS else told


async def wrong_with(kind, name, who, cell):
    """What does not go as the table says."""
    house = await soaking()
    before = await house.seen()
    told = await told_of(house, kind, name, who)
    no = (NOT_HERE,) if who == "outside" else FORBIDDEN
    forbidden = [each.removeprefix("🚫 ").startswith(no) for each in told]
    if any("rollout-bug" in each for each in told):
        return "a bug"
    if cell == "y":
        return "refused" if any(forbidden) else ""
    changed = await house.seen() != before or house.hands.views
    return "changed" if changed else "" if all(forbidden) else "not refused"


@counted(len(CASES))
async def test_everybody_may_do_what_the_table_says_and_nothing_else(cases, record_property):
    thrown = dice()
    wrong = [(no, *case) for case in thrown.spread(CASES, cases) if (no := await wrong_with(*case))]
    assert not wrong, f"seed {thrown.seed}: {wrong[:8]} and {len(wrong)} in all"
    record_property("figure", f"{cases} of {len(CASES)} cells of the matrix as written by hand; seed {thrown.seed}")


@pytest.mark.parametrize("who", KINDS)
async def test_a_yes_is_recorded_for_members_who_did_not_ask(who):
    """By what is recorded, not by what is said."""
    house = await proposed()
    where = {"channel": ELSEWHERE} if who == "outside" else {}
    guild = "security" if who == "both" else ""
    said = await house.says(f"approve staging {guild}" if guild else "approve", USER[who], **where)
    counted_in = {each.person for each in (await house.run("staging")).approvals}
    expected = who in {"devops", "security", "runner", "grid"}
    if who == "both":
        # One who is in two guilds has to choose; until then nothing is recorded, whatever the words are.
        return
    assert counted_in == ({USER[who]} if expected else set()), said


@pytest.mark.parametrize("who", [kind for kind in KINDS if kind not in FULL])
async def test_a_no_of_somebody_who_does_not_count_ends_nothing(who):
    house = await proposed()
    before = await house.run("staging")
    await house.says("deny staging because", USER[who])
    meaning = await house.meaning("deny")
    await house.send(meaning, FORM, USER[who])
    assert await house.run("staging") == before


async def test_who_runs_it_cannot_be_one_of_those_who_approved():
    house = await proposed()
    await house.says("approve", USER["runner"])
    await house.says("approve", USER["security"])
    assert "the person who runs the rollout does not count" in await house.says("start", USER["runner"])
    assert (await house.run("staging")).started_by == ""


async def test_a_wrong_cell_would_be_found():
    """The control: the other word in a cell is a fault, for one of each sort."""
    for case in (("verb", "start", "devops", "y"), ("verb", "start", "guest", "n"), ("press", "approve", "bot", "n")):
        assert await wrong_with(*case) == ""
        kind, name, who, cell = case
        assert await wrong_with(kind, name, who, "n" if cell == "y" else "y")
