"""Screens: pictures of the page at 1280 and 390 px into build/screens, and the claim that nothing overflows."""

from pathlib import Path

import pytest

from tests.e2e.browser import PHONE, WIDE, visited

FOLDER = Path(__file__).resolve().parents[2] / "build" / "screens"


class Camera:
    """Takes a picture at both widths and looks for what overflows."""

    def __init__(self, page):
        self.page = page
        self.taken = 0
        FOLDER.mkdir(parents=True, exist_ok=True)

    def take(self, name):
        self.taken += 1
        for size in (WIDE, PHONE):
            self.page.page.set_viewport_size(size)
            self.page.page.wait_for_timeout(300)  # the page settles into its new width
            assert self.page.overflows() == [], f"{name} at {size['width']} px"
            path = FOLDER / f"{self.taken:02}-{name}-{size['width']}.png"
            self.page.page.screenshot(path=path)
            print(path.relative_to(FOLDER.parents[1]))
        self.page.page.set_viewport_size(WIDE)


@pytest.mark.browser
def test_the_pictures_of_a_rollout_that_goes_forward_and_back():
    with visited(1800) as page:
        walk(page, Camera(page))


def walk(page, camera):
    camera.take("welcome")
    page.be("dana")
    page.say("/rollout help")
    page.sees("rollout start")
    camera.take("help")
    page.say("/rollout start canary")
    page.sees("canary comes after staging")
    camera.take("canary-refused")
    page.press("Preview staging")
    page.sees("Load the staging configuration")
    camera.take("preview")
    page.say("/rollout start staging")
    page.sees("Approve for DevOps")
    camera.take("approval-request")
    page.be("stan")
    page.press("Approve for DevOps")
    page.sees("Only members of")
    camera.take("strangers-click")
    page.be("priya")
    page.press("Deny")
    page.page.get_by_test_id("modal").wait_for()
    camera.take("deny-modal")
    page.page.get_by_test_id("modal-close").click()
    for person, guild in (("omar", "DevOps"), ("priya", "Platform Security")):
        page.be(person)
        page.press(f"Approve for {guild}")
    page.be("dana")
    page.press("Start", page.card(), confirm=True)
    page.town.await_card("soaking")
    camera.take("soaking")
    page.be("omar")
    page.press("Attest", page.card())
    page.page.get_by_test_id("modal").wait_for()
    camera.take("attest-modal")
    page.attest_all()
    page.say("/rollout gates")
    page.sees("at most")
    camera.take("gates")
    page.card().get_by_test_id("reply-count").first.click()
    page.page.get_by_test_id("thread").wait_for()
    camera.take("thread")
    page.page.get_by_test_id("thread-close").click()
    page.be("dana")
    page.town.target(down=True)
    page.town.await_card("held", 60)
    camera.take("held")
    page.say("/rollout why")
    page.sees("Why staging is")
    camera.take("why")
    page.town.target(down=False)
    page.say("/rollout rollback staging the service went down")
    page.town.await_card("staging is rolled back", 90)
    camera.take("rolled-back")
