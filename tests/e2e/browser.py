"""A person at the sandbox's page, in headless chromium."""

import re
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.town import Town, until

QUIET = ("quic", "background-networking", "component-update", "sync")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def chromium():
    """Where chromium is; the test is skipped by name without it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return found


OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(each => {
    const box = each.getBoundingClientRect(), style = getComputedStyle(each);
    if (!box.width || style.visibility === 'hidden') return false;
    if (each.closest('[aria-hidden=true], [inert], [hidden]')) return false;
    if (style.overflowX !== 'visible' || box.right <= 0 || box.left >= innerWidth) return false;
    return box.right > innerWidth + 1;
}).map(each => `${each.tagName}.${each.className}: ${each.textContent.slice(0, 60)}`)"""


@contextmanager
def visited(speed):
    """A page of a town of its own; the town and the browser end with it."""
    path, town = chromium(), Town(speed=speed)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=path, args=FLAGS)
            yield Page(browser.new_page(viewport=WIDE), town)
            browser.close()
    finally:
        town.close()


class Page:
    """What a person does on the page, by what is written on it."""

    def __init__(self, page, town):
        self.page, self.town = page, town
        page.goto(town.base)
        page.get_by_test_id("composer").wait_for()

    def _side(self):
        toggle = self.page.get_by_test_id("side-toggle")
        return toggle if toggle.is_visible() else None

    def be(self, person):
        """Act as somebody else."""
        side = self._side()
        if side:
            side.click()
        self.page.get_by_test_id(f"person-{person}").click()
        if side:
            self.page.get_by_test_id("side-close").click()

    def say(self, text):
        self.page.get_by_test_id("composer").fill(text)
        self.page.get_by_test_id("send").click()

    def sees(self, text, seconds=60):
        self.page.get_by_text(re.compile(text)).last.wait_for(timeout=seconds * 1000)

    def card(self):
        """The living card, where the channel shows it."""
        card = until(self.town.card, what="a card")
        return self.page.locator(f'#messages [data-ts="{card["ts"]}"]').first

    def press(self, label, within=None, *, confirm=False, seconds=60):
        """Press the newest button with this label; a dialog that asks again is answered yes."""
        where = within or self.page.locator("#messages")
        where.get_by_role("button", name=re.compile(rf"^{re.escape(label)}")).last.click(timeout=seconds * 1000)
        if confirm:
            self.page.get_by_test_id("confirm-ok").click()

    def attest_all(self):
        """Tick everything in the modal and give one's word."""
        modal = self.page.get_by_test_id("modal")
        modal.wait_for()
        for box in modal.get_by_role("checkbox").all():
            box.check()
        modal.get_by_role("textbox").last.fill("I looked at each of them and it is well.")
        self.page.get_by_test_id("modal-submit").click()
        modal.wait_for(state="hidden")

    def knob(self, testid, value):
        side = self._side()
        if side:
            side.click()
        self.page.get_by_test_id(testid).fill(value)

    def overflows(self):
        """Everything that is wider than the window, in words."""
        found = self.page.evaluate(OVERFLOWING)
        return [*found, "the page scrolls sideways"] if self._scrolls() else found

    def _scrolls(self):
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


def carry(page, phase, hours):
    """A phase from its start to promoted, all of it on the page."""
    page.be("dana")
    page.say(f"/rollout start {phase}")
    page.sees("Approve for DevOps")
    for person, guild in (("omar", "DevOps"), ("priya", "Platform Security")):
        page.be(person)
        page.press(f"Approve for {guild}")
    page.be("dana")
    page.press("Start", page.card(), confirm=True)
    page.town.await_card("soaking")
    page.be("omar")
    page.press("Attest", page.card())
    page.attest_all()
    page.be("dana")
    until(lambda: promoted(page, phase), 60 + hours * 6, 0.5, f"a promoted {phase}")


def promoted(page, phase):
    card = page.card()
    button = card.get_by_role("button", name=re.compile("^Promote"))
    if button.count() and button.first.is_visible():
        button.first.click()
        confirm = page.page.get_by_test_id("confirm-ok")
        confirm.click()
    return page.town.says(f"promoted {phase}")
