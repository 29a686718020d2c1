"""Planted secrets in a running bot: its database, its log and everything in the workspace are without them."""

import json
from pathlib import Path

import pytest

from tests.e2e.town import Bot, Town
from tests.security.counts import dice
from tests.security.planting import found, secret

PLANS = Path(__file__).parents[1] / "e2e/plans"
OWN = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "ROLLOUT_DIGEST_KEY")


@pytest.fixture
def town():
    made = Town("--no-bot")
    made.tries = 5
    yield made
    made.close()


def with_password(url, password):
    from urllib.parse import quote

    return url.replace("://", f"://user:{quote(password, safe='')}@", 1)


@pytest.mark.endurance
def test_a_running_bot_keeps_logs_and_says_no_secret(town, tmp_path, record_property):
    thrown = dice()
    planted = {name: town.env[name] for name in OWN if town.env.get(name)}
    planted |= {"url": secret(thrown.random), "bystander": secret(thrown.random)}
    database = tmp_path / "kept/rollouts.db"
    database.parent.mkdir()
    env = {
        "ROLLOUT_PLANS": str(PLANS),
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "CODEX_URL": with_password(town.env["CODEX_URL"], planted["url"]),
        "BYSTANDER_TOKEN": planted["bystander"],
        "ROLLOUT_LOG_LEVEL": "debug",
    }
    bot = Bot(town, tmp_path / "log", **env)
    try:
        bot.await_connected()
        propose_and_approve_small(town)
        for text in ("status", "why", "gates run only", "flags", "preview only", "hold because", "approve x", "xyz"):
            town.command("dana", text)
        town.target(down=True)
        town.command("dana", "gates run only")
        town.await_words("codex")
        where = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    finally:
        bot.stop()
    where |= {f"after {path.name}": path.read_bytes() for path in database.parent.iterdir()}
    where["log"] = (tmp_path / "log").read_bytes()
    said = [town.messages(), town.thread(), *(town.ephemerals(who) for who in ("dana", "omar", "priya"))]
    where["workspace"] = json.dumps(said, ensure_ascii=False).encode()
    assert found(planted, where) == [], thrown.seed
    assert found({"control": "gitguard-rollout"}, where)
    record_property(
        "figure", f"{len(planted)} secrets in {len(where)} places of a process: 0 found; seed {thrown.seed}"
    )


def propose_and_approve_small(town):
    answer = town.command("dana", "start only")
    assert answer["ok"], answer
    town.press("omar", "Approve for DevOps")
    town.press_card("dana", "Start")
    town.await_card("soaking")
