"""The stories on the page, in headless chromium, as a stranger would walk them."""

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.browser import FLAGS, WIDE, Page, carry, chromium
from tests.e2e.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("page")]


@pytest.fixture
def page():
    path = chromium()
    town = Town(speed=1800)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=path, args=FLAGS)
            yield Page(browser.new_page(viewport=WIDE), town)
            browser.close()
    finally:
        town.close()


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
