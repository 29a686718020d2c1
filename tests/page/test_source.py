"""The page's own files: no way to turn text into markup, nothing inline, nothing from outside."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "sandbox" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|srcdoc")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_writes_text_nodes_only_and_says_what_it_is(script: Path) -> None:
    text = script.read_text()
    assert MARKUP.findall(text) == []
    assert text.startswith("/**")
    assert len(text.splitlines()) < 300


def test_the_document_has_no_inline_script_or_style() -> None:
    html = (PAGE / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html) == []


def test_every_address_in_the_page_is_its_own() -> None:
    known = {"http://www.w3.org/2000/svg"}
    for path in [*SCRIPTS, *PAGE.glob("*.css"), PAGE / "index.html", PAGE / "emoji.svg", PAGE / "icon.svg"]:
        assert set(re.findall(r"https?://[\w./-]+", path.read_text())) <= known, path.name


def test_every_drawn_emoji_is_in_the_picture_file() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (PAGE / "emoji.svg").read_text()))
    used = set(re.findall(r"^  (\w+): \{ \"", (PAGE / "emoji.js").read_text(), re.MULTILINE))
    assert used
    assert used == drawn
