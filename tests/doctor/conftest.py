"""A house with a scripted Slack: the doctor's checks in this process, one odd answer at a time."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.doctor.house import House
from bot.doctor.slack import Answer, NoAnswer, Slack
from bot.plans.loader import load_text
from bot.setup.manifest import scopes_of, written
from tests.plans.conftest import ROOT

BOOKS = {
    "trouble": "",
    "remedy": "",
    "fresh": False,
    "behind": (),
    "triggers": "",
    "broken": (),
    "records": 3,
    "now": None,
}
PEOPLE = {"UDANA": {}, "UOMAR": {}, "UPRIYA": {}, "UGWEN": {"is_restricted": True}, "UBOT": {"is_bot": True}}
ROOM = {"id": "C1", "name": "gitguard-rollout", "is_member": True, "is_archived": False, "num_members": 4}


class Scripted(Slack):
    """Answers out of a script, by method; a callable is asked with what was given."""

    def __init__(self, **answers):
        super().__init__("http://127.0.0.1:9/api/", "xoxb-secret-of-the-bot")
        self.scopes = scopes_of(written())
        self.ahead = timedelta(0)
        self.asked = []
        self.answers = {
            "auth.test": {"ok": True, "user": "rollout", "team": "Guard", "team_id": "T1", "bot_id": "B1"},
            "apps.connections.open": {"ok": True, "url": "wss://somewhere/once"},
            "conversations.list": {"ok": True, "channels": [ROOM]},
            "usergroups.list": {
                "ok": True,
                "usergroups": [
                    {"id": "S1", "handle": "gitguard-devops", "date_delete": 0},
                    {"id": "S2", "handle": "gitguard-security", "date_delete": 0},
                ],
            },
            "usergroups.users.list": lambda given: {
                "ok": True,
                "users": {"S1": ["UDANA", "UOMAR"], "S2": ["UPRIYA"]}[given["usergroup"]],
            },
            "users.info": lambda given: _person(given["user"]),
            **answers,
        }

    async def ask(self, method, token=None, **given):
        self.asked.append(method)
        answer = self.answers[method]
        if callable(answer):
            answer = answer(given)
        if isinstance(answer, str):
            raise NoAnswer(answer)
        return Answer(answer, self.scopes, self.ahead)


def _person(user):
    if user not in PEOPLE:
        return {"ok": False, "error": "user_not_found"}
    return {"ok": True, "user": {"id": user, "team_id": "T1", **PEOPLE[user]}}


@pytest.fixture(scope="session")
def text():
    return (ROOT / "plans" / "gitguard.yml").read_text()


@pytest.fixture(scope="session")
def plan(text):
    return load_text(text, "gitguard.yml")


@pytest.fixture
def house(plan, tmp_path):
    def make(slack=None, books=None, plans=None, **environ):
        async def librarian(url):
            return SimpleNamespace(**BOOKS | (books or {}))

        known = {
            "SLACK_BOT_TOKEN": "xoxb-secret-of-the-bot",
            "SLACK_APP_TOKEN": "xapp-secret-of-the-app",
            "ROLLOUT_DIGEST_KEY": "k" * 32,
            "ROLLOUT_ROOT": str(ROOT),
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/rollout.db",
            **environ,
        }
        return House(known, slack or Scripted(), librarian, plans or (plan,))

    return make
