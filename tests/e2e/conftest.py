"""A town for every story: a sandbox, and the bot as its own process, by either way to Slack and on either database."""

from dataclasses import dataclass

import pytest

from tests.e2e.town import Bot, Town
from tests.storage.servers import postgres  # noqa: F401 - a fixture

TRIES = 6
SEED = 7
FEWEST = 5


@dataclass(frozen=True)
class Setting:
    """How the bot is reached, where it keeps its memory, and how much of what Slack does goes wrong."""

    mode: str = "socket"
    database: str = "sqlite"
    faults: float = 0.0

    def __str__(self):
        return f"{self.mode}-{self.database}" + (f"-{self.faults:.0%}-faults" if self.faults else "")


@pytest.fixture
def postgresql_url(postgres):  # noqa: F811 - the fixture
    return postgres.blank()


@pytest.fixture
def town(request, tmp_path, record_property):
    setting = getattr(request, "param", Setting())
    running, bot = Town("--no-bot", "--mode", setting.mode, speed=1800), None
    try:
        elsewhere = {} if setting.database == "sqlite" else {"DATABASE_URL": request.getfixturevalue("postgresql_url")}
        bot = Bot(running, tmp_path / "bot.log", **elsewhere)
        bot.await_connected()
        if setting.faults:
            running.tries = TRIES
            running.post("faults", rate=setting.faults, seed=SEED)
        yield running
        if setting.faults:
            suffered = running.get("faults")["suffered"]
            record_property("figure", f"{setting}: suffered {suffered} (seed {SEED})")
            assert sum(suffered.values()) > FEWEST, "hardly anything went wrong, so nothing was proved"
        assert not bot.died(), "the bot ended by itself"
    finally:
        if bot:
            bot.stop()
        running.close()


@pytest.fixture
def empty_town():
    running = Town("--no-bot")
    yield running
    running.close()
