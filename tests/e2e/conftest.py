"""A town for every story: a sandbox with the bot as its own process."""

import pytest

from tests.e2e.town import Town


@pytest.fixture
def town():
    running = Town(speed=1800)
    yield running
    running.close()


@pytest.fixture
def empty_town():
    running = Town("--no-bot")
    yield running
    running.close()
