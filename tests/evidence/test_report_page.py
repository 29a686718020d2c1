"""The report in chromium: readable at both widths, on paper, and without a request to anywhere."""

from pathlib import Path

import pytest

from bot.evidence.verifying import unpacked
from tests.e2e.browser import FLAGS, OVERFLOWING, PHONE, WIDE, chromium

FOLDER = Path(__file__).resolve().parents[2] / "build" / "screens"


@pytest.mark.browser
def test_the_report_is_readable_at_both_widths_and_asks_nobody_for_anything(sealed, tmp_path):
    from playwright.sync_api import sync_playwright

    path = chromium()
    (tmp_path / "report.html").write_bytes(unpacked(sealed.raw)["report.html"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    asked, said = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport=WIDE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"file://{tmp_path}/report.html")
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            assert page.evaluate(OVERFLOWING) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            page.screenshot(path=FOLDER / f"evidence-{size['width']}.png")
        page.emulate_media(media="print")
        assert page.locator("nav").is_hidden()
        for words in ("Who said yes", "What ran", "What went wrong", "How to check this by hand", "lunch <b>now</b>"):
            assert words in page.inner_text("body")
        browser.close()
    assert asked == [f"file://{tmp_path}/report.html"]
    assert said == []
