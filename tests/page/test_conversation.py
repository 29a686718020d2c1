"""A conversation in the page: commands, mentions, what one person sees alone, and what is kept while it goes on."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser
ROOM = "C0ROLLOUT"


async def send(page: Page, text: str, box: str = "composer") -> None:
    await page.get_by_test_id(box).fill(text)
    await page.get_by_test_id(box).press("Enter")


async def test_an_empty_channel_says_what_to_type(page: Page) -> None:
    await expect(page.get_by_test_id("welcome")).to_contain_text("/rollout preview staging")
    await page.get_by_role("button", name="/rollout help").click()
    await expect(page.get_by_test_id("composer")).to_have_value("/rollout help")


async def test_without_an_app_a_command_is_answered_in_words_and_given_back(page: Page) -> None:
    await send(page, "/rollout help")
    await expect(page.get_by_test_id("notice").first).to_contain_text("No app is connected")
    await expect(page.get_by_test_id("composer")).to_have_value("/rollout help")


async def test_an_answer_to_one_person_is_seen_by_that_person_alone(page: Page, stage: Any) -> None:
    await stage.app_joins()
    await send(page, "/rollout start canary")
    own = page.get_by_test_id("ephemeral")
    await expect(own).to_contain_text("Only visible to you")
    await expect(own).to_contain_text("heard start canary from dana")
    await page.get_by_test_id("person-omar").click()
    await expect(own).to_have_count(0)
    await page.get_by_test_id("person-dana").click()
    await own.get_by_test_id("dismiss").click()
    await expect(own).to_have_count(0)


async def test_the_acting_person_is_remembered(page: Page) -> None:
    await page.get_by_test_id("person-priya").click()
    await page.reload()
    await expect(page.get_by_test_id("me")).to_contain_text("Priya")
    await expect(page.get_by_test_id("person-priya")).to_have_attribute("aria-pressed", "true")


async def test_in_a_thread_a_mention_reaches_the_app_and_a_slash_command_is_refused(page: Page, stage: Any) -> None:
    await stage.app_joins()
    root = await stage.post(text="the card")
    await stage.says("omar", "a reply", thread_ts=root)
    await page.get_by_test_id("reply-count").click()
    await send(page, "@rollout why", "thread-composer")
    await expect(page.get_by_test_id("thread").get_by_test_id("message").last).to_contain_text("@rollout why")
    await expect(page.get_by_test_id("reply-count")).to_have_text("2 replies")
    assert stage.heard == [("mention", "<@U0ROLLOUTBOT> why")]
    await send(page, "/rollout why", "thread-composer")
    await expect(page.get_by_test_id("thread").get_by_test_id("notice")).to_contain_text("do not work in threads")


async def test_typed_text_and_the_place_of_reading_survive_new_messages(page: Page, stage: Any) -> None:
    for number in range(40):
        await stage.says("omar", f"line {number}")
    await expect(page.get_by_text("line 39")).to_be_in_viewport()
    await page.get_by_test_id("composer").fill("half a thought")
    scroller = page.locator("#scroller")
    await scroller.evaluate("node => { node.scrollTop = 200; }")
    await stage.says("omar", "and one more")
    await expect(page.get_by_test_id("jump")).to_be_visible()
    assert await scroller.evaluate("node => node.scrollTop") == 200
    await expect(page.get_by_test_id("composer")).to_have_value("half a thought")
    await page.get_by_test_id("jump").click()
    await expect(page.get_by_text("and one more")).to_be_in_viewport()
    await expect(page.get_by_test_id("jump")).to_be_hidden()


async def test_a_permalink_leads_to_its_message_and_a_reply_to_its_thread(page: Page, stage: Any) -> None:
    root = await stage.post(text="the card")
    reply = await stage.says("omar", "deep inside", thread_ts=root)
    link = await stage.web.chat_getPermalink(channel=ROOM, message_ts=root)
    await page.goto(str(link["permalink"]))
    await expect(page.locator(f".pointed[data-ts='{root}']")).to_be_visible()
    await page.evaluate(f"location.hash = '#{ROOM}/{reply}'")
    await expect(page.get_by_test_id("thread").locator(".pointed")).to_contain_text("deep inside")


async def test_knobs_turn_the_target_and_buttons_move_the_clock(page: Page, stage: Any) -> None:
    await page.get_by_test_id("knob-error-rate").fill("0.4")
    await page.get_by_test_id("knob-down").check()
    await expect(page.get_by_test_id("target-state")).to_contain_text("stopped")
    assert stage.target.knobs == {"error_rate": 0.4, "down": True}
    await page.get_by_test_id("knob-reset").click()
    await expect(page.get_by_test_id("target-state")).to_contain_text("running")
    assert stage.target.knobs == {}
    before = stage.local.clock.version
    earlier = await page.get_by_test_id("clock").get_attribute("datetime")
    await page.get_by_test_id("advance-24h").click()
    await page.wait_for_function(
        "earlier => Date.parse(document.querySelector('[data-testid=clock]').dateTime)"
        " - Date.parse(earlier) >= 86000000",
        arg=earlier,
    )
    assert stage.local.clock.version == before + 1
