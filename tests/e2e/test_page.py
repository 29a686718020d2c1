"""The stories on the page, in headless chromium, as a stranger would walk them."""

import pytest

from tests.e2e.browser import carry, visited

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page")]


@pytest.fixture
def page():
    with visited(1800) as seen:
        yield seen


def test_staging_and_canary_are_carried_on_the_page_and_errors_take_canary_back(page):
    page.be("dana")
    page.say("/rollout start canary")
    page.sees("canary comes after staging")
    page.press("Preview staging")
    page.sees("Load the staging configuration")

    carry(page, "staging", 4)
    carry(page, "canary", 24)
    page.sees("promoted canary")

    # The passed phase stays watched: the target turns bad, and it goes back by itself.
    page.knob("knob-error-rate", "0.4")
    page.sees("goes back in|rolls back in|rollback of canary")
    page.town.await_card("canary is rolled back", 120)
    page.say("/rollout why canary")
    page.sees("error-rate failed")
    assert page.town.target()["flags"]["CODEX_PUBLISH_PORTAL"] == "build-only"
