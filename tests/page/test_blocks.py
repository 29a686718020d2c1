"""Block Kit in the page: buttons, confirm dialogs, modals, text that stays text, and no overflow."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.browser
OVERFLOWING = """() => [...document.querySelectorAll('body, body *')].filter(node => {
  const box = node.getBoundingClientRect();
  const hidden = !box.width || getComputedStyle(node).visibility === 'hidden' || node.closest('.unseen, thead');
  return !hidden && box.right > innerWidth + 1;
}).map(node => `${node.tagName}.${node.className}`)
  .concat(document.documentElement.scrollWidth > innerWidth ? ['the page itself'] : [])"""
HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script>"


@pytest.fixture
async def card(page: Page, stage: Any, card_blocks: list[dict[str, Any]]) -> Page:
    await stage.app_joins()
    await stage.post(text="The canary waits", blocks=card_blocks)
    await expect(page.locator("[data-action-id=approve]")).to_be_visible()
    return page


async def test_a_dangerous_button_is_sent_only_when_confirmed(card: Page, stage: Any) -> None:
    abort = card.locator("[data-action-id=abort][data-block-id=moves]")
    await abort.click()
    await card.get_by_test_id("confirm-cancel").click()
    await abort.click()
    await card.keyboard.press("Escape")
    await expect(card.get_by_test_id("confirm")).to_be_hidden()
    assert stage.heard == []
    await abort.click()
    await card.get_by_test_id("confirm-ok").click()
    await expect(abort).not_to_have_attribute("aria-busy", "true")
    assert stage.heard == [("abort", "U0DANA")]


async def test_a_refused_modal_keeps_the_text_and_says_why_under_the_field(card: Page, stage: Any) -> None:
    await card.locator("[data-action-id=deny]").click()
    await card.get_by_test_id("modal-submit").click()
    await expect(card.get_by_test_id("field-error").first).to_have_text("Please fill this in.")
    why = card.locator("textarea[data-action-id=text]")
    await why.fill("too soon")
    await stage.says("omar", "meanwhile")
    await expect(card.get_by_text("meanwhile")).to_be_attached()
    await expect(why).to_have_value("too soon")
    await card.get_by_test_id("modal-submit").click()
    await expect(card.get_by_test_id("field-error").first).to_have_text("Say more.")
    await expect(why).to_have_value("too soon")
    await why.fill("the error rate is not understood yet")
    await card.get_by_label("DevOps", exact=True).check()
    await card.get_by_test_id("modal-submit").click()
    await expect(card.get_by_test_id("modal")).to_be_hidden()
    kind, values = stage.heard[-1]
    assert kind == "deny"
    assert values["why"]["text"]["value"] == "the error rate is not understood yet"
    assert [option["value"] for option in values["tell"]["whom"]["selected_options"]] == ["devops"]


async def test_escape_closes_the_modal_for_the_workspace_too(card: Page, stage: Any) -> None:
    await card.locator("[data-action-id=deny]").click()
    await expect(card.get_by_test_id("modal")).to_be_visible()
    assert len(stage.local.views.stack("U0DANA")) == 1
    await card.keyboard.press("Escape")
    await expect(card.get_by_test_id("modal")).to_be_hidden()
    assert stage.local.views.stack("U0DANA") == []


async def test_markup_in_a_message_stays_text(page: Page, stage: Any) -> None:
    await stage.post(text=HOSTILE)
    await stage.post(text="x", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}}])
    await stage.says("omar", HOSTILE)
    messages = page.get_by_test_id("message")
    await expect(messages).to_have_count(3)
    for number in range(3):
        await expect(messages.nth(number).locator(".text")).to_contain_text("onerror=alert(1)")
    assert await page.locator("#messages script, #messages img:not(.avatar)").count() == 0


@pytest.mark.parametrize("width", [1280, 800, 390])
async def test_nothing_overflows(browser: Browser, stage: Any, card_blocks: list[dict[str, Any]], width: int) -> None:
    await stage.app_joins()
    root = await stage.post(text="The canary waits", blocks=card_blocks)
    await stage.says("omar", "0123456789abcdef" * 20 + "\n```" + "f" * 300 + "```", thread_ts=root)
    await stage.drive("command", user="dana", channel="C0ROLLOUT", command="/rollout", text="x" * 200)
    page = await browser.new_page(viewport={"width": width, "height": 844})
    await page.goto(stage.base)
    await expect(page.get_by_test_id("ephemeral")).to_be_visible()
    assert await page.evaluate(OVERFLOWING) == []
    await page.get_by_test_id("reply-count").click()
    await expect(page.get_by_test_id("thread").get_by_test_id("message")).to_have_count(2)
    assert await page.evaluate(OVERFLOWING) == []
    await page.get_by_test_id("thread").locator("[data-action-id=deny]").click()
    await expect(page.get_by_test_id("modal-submit")).to_be_visible()
    assert await page.evaluate(OVERFLOWING) == []


MRKDWN = {
    "*bold* _it_ ~no~ `a*b*`": "<strong>bold</strong> <em>it</em> <s>no</s> <code>a*b*</code>",
    "snake_case_name 2*3*4": "snake_case_name 2*3*4",
    "&lt;b&gt; &amp;lt;": "&lt;b&gt; &amp;lt;",
    "<https://a.test/?x=1&amp;y=2|the *board*>": '<a href="https://a.test/?x=1&amp;y=2" target="_blank" '
    'rel="noopener noreferrer">the <strong>board</strong></a>',
    "<javascript:alert(1)|click>": "&lt;javascript:alert(1)|click&gt;",
    "<@U0OMAR>": '<span class="mention" title="Omar (DevOps)">@omar</span>',
    "<!subteam^S0DEVOPS>": '<span class="mention">@gitguard-devops</span>',
    "<#C0GENERAL>": '<span class="mention">#general</span>',
    "> one\n> two\nthree": "<blockquote>one\ntwo</blockquote>three",
    "```a\n*b*```": "<pre>a\n*b*</pre>",
    "• one\n• two": "• one\n• two",
    ":no_such_sign:": ":no_such_sign:",
    "<!date^0^{date_num}|1970>": '<time datetime="1970-01-01T00:00:00.000Z" ',
}


async def test_mrkdwn_is_drawn_as_slack_draws_it(page: Page) -> None:
    draw = """async text => {
      const { mrkdwn } = await import('/mrkdwn.js');
      const place = document.createElement('div');
      place.append(...mrkdwn(text).flat(Infinity));
      return place.innerHTML;
    }"""
    drawn = {text: await page.evaluate(draw, text) for text in MRKDWN}
    assert {text: html[: len(MRKDWN[text])] for text, html in drawn.items()} == MRKDWN
    whole = {text for text in MRKDWN if not text.startswith("<!date")}
    assert all(len(drawn[text]) == len(MRKDWN[text]) for text in whole)


async def test_an_answer_in_the_channel_is_told_to_who_stands_in_the_thread(card: Page, stage: Any) -> None:
    root = await stage.post(text="another")
    await stage.says("omar", "a reply", thread_ts=root)
    await card.get_by_test_id("reply-count").click()
    await expect(card.get_by_test_id("thread").get_by_test_id("message")).to_have_count(2)
    await stage.web.chat_postEphemeral(channel="C0ROLLOUT", user="U0DANA", text="only Platform Security can approve")
    await expect(card.get_by_test_id("thread").get_by_test_id("notice")).to_contain_text("stands in the channel")
    await expect(card.get_by_test_id("ephemeral")).to_contain_text("only Platform Security can approve")
