"""The documentation portal: pages that change only while the org-brain publishes outside."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from aiohttp import web

GRAPH = """graph LR
  pr123["PR 123"] -->|touches| file["policies/release_window.rego"]
  pr123 -->|governed_by| pol["POL-001 release window"]"""
SOURCE = """deny[reason] {
    not within_release_window(input.at)
    reason := "POL-001: outside the release window"
}"""


@dataclass
class Portal:
    """What the outside world sees; it outlives the org-brain's restarts, as a static site does."""

    built_at: datetime
    published: bool = False
    mermaid: bool = False
    policy_source: bool = False

    def publish(self, at: datetime, *, mermaid: bool, policy_source: bool) -> None:
        self.built_at = at
        self.published = True
        self.mermaid = mermaid
        self.policy_source = policy_source

    def page(self) -> str:
        """The page of pull request 123, as last published."""
        parts = ["<h1>PR 123: narrow the release window</h1>", "<p>gitguard/platform-core</p>"]
        if self.mermaid:
            parts.append(f'<pre class="mermaid">\n{escape(GRAPH, quote=False)}\n</pre>')
            parts.append("<details><summary>Diagram source</summary>")
            parts.append(f"<pre><code>```mermaid\n{escape(GRAPH, quote=False)}\n```</code></pre></details>")
        if self.policy_source:
            parts.append("<h2>Policy source</h2>")
            parts.append("<p>policies/release_window.rego:12</p>")
            parts.append(f"<pre><code>{escape(SOURCE)}</code></pre>")
        return _html("PR 123", "\n".join(parts))


def portal_app(portal: Portal, answering: asyncio.Event) -> web.Application:
    """Serve the portal; while `answering` is not set it hangs."""

    async def front(_: web.Request) -> web.Response:
        await answering.wait()
        moved = format_datetime(portal.built_at, usegmt=True)
        text = _html("GitGuard documentation", "<h1>GitGuard documentation</h1>")
        return web.Response(text=text, content_type="text/html", headers={"Last-Modified": moved})

    async def pull_request(request: web.Request) -> web.Response:
        await answering.wait()
        if not portal.published or request.match_info["number"] != "123":
            raise web.HTTPNotFound(text="no such page\n")
        moved = format_datetime(portal.built_at, usegmt=True)
        return web.Response(text=portal.page(), content_type="text/html", headers={"Last-Modified": moved})

    app = web.Application()
    app.router.add_get("/", front)
    app.router.add_get("/pr/{number}", pull_request)
    return app


def _html(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'
