"""The page's files come with a strict policy, and nothing outside their folder comes at all."""

from pathlib import Path
from typing import Any


async def test_the_page_is_served_with_its_policy(start: Any, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<p>page", encoding="utf-8")
    (folder / "main.js").write_text("export {}", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("no", encoding="utf-8")
    slack = await start(page_dir=folder)
    async with slack.session.get(slack.base + "/") as answer:
        assert await answer.text() == "<p>page"
        policy = "default-src 'self'; style-src 'self'; img-src 'self' data:"
        assert answer.headers["Content-Security-Policy"] == policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with slack.session.get(slack.base + "/main.js") as answer:
        assert answer.content_type.endswith("/javascript")
    for path in ("/%2e%2e/secret.txt", "/..%2fsecret.txt", "/nothing.js"):
        async with slack.session.get(slack.base + path) as answer:
            assert answer.status == 404


async def test_a_permalink_leads_to_the_page(slack: Any) -> None:
    sent = await slack.web.chat_postMessage(channel="C0ROLLOUT", text="x")
    link = (await slack.web.chat_getPermalink(channel="C0ROLLOUT", message_ts=sent["ts"]))["permalink"]
    async with slack.session.get(link, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, f"/#C0ROLLOUT/{sent['ts']}")
