"""The page in a real browser, on a real workspace with a small Bolt app that answers."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, async_playwright, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.clock import SandboxClock
from sandbox.workspace.grants import Grants
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.server import LOCAL, build_workspace, running

ROOM = "C0ROLLOUT"
DIGEST = "sha256:" + "9f2c8d1ab34e5f60" * 4
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(text), "value": action, **more}


ABORT = button(
    "abort",
    "Abort",
    style="danger",
    confirm={
        "title": plain("Abort?"),
        "text": {"type": "mrkdwn", "text": "The rollout ends *here*."},
        "confirm": plain("Abort"),
        "deny": plain("Keep it"),
    },
)
TABLE = [["Gate", "Verdict", "Reading", "Age"], ["Error rate below 1 %", "pass", "0.12 %", "2 min"]]
CARD: list[dict[str, Any]] = [
    {"type": "header", "text": plain("GitGuard rollout · canary")},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": f":hourglass: *Waits* for <!subteam^S0DEVOPS>\n> `{DIGEST}`"},
    },
    {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*{n}*\n{DIGEST}"} for n in ("Plan", "Flags")]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in TABLE]},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Nothing runs by itself."}]},
    {
        "type": "actions",
        "block_id": "moves",
        "elements": [button("approve", "Approve"), button("deny", "Deny…"), ABORT],
    },
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "deny",
    "title": plain("Deny the canary"),
    "submit": plain("Deny"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "tell",
            "label": plain("Tell"),
            "optional": True,
            "element": {
                "type": "checkboxes",
                "action_id": "whom",
                "options": [{"text": plain("DevOps"), "value": "devops"}],
            },
        },
    ],
}


class OneTarget:
    """A target that keeps its knobs and does nothing else."""

    def __init__(self) -> None:
        self.knobs: dict[str, object] = {}

    def systems(self) -> tuple[str, ...]:
        return ("codex",)

    async def show(self, system: str) -> dict[str, object]:
        flags = {"GITGUARD_ENABLED": "true"}
        known = {
            "running": not self.knobs.get("down"),
            "version": "1.0",
            "flags": flags,
            "effects": [],
            "graph_api": False,
        }
        return known | self.knobs | {"system": system}

    async def turn(self, system: str, knobs: Mapping[str, object]) -> None:
        assert system == "codex"
        self.knobs |= knobs

    async def reset(self, system: str) -> None:
        assert system == "codex"
        self.knobs.clear()


@dataclass
class Stage:
    """A workspace with its page, and what the app heard there."""

    base: str
    local: LocalSlack
    target: OneTarget
    session: ClientSession
    stack: AsyncExitStack = field(repr=False)
    heard: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def web(self) -> AsyncWebClient:
        return AsyncWebClient(token=self.local.tokens.bot, base_url=f"{self.base}/api/")

    async def drive(self, name: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.base}/drive/{name}", json=body) as response:
            answer: dict[str, Any] = await response.json()
        assert answer["ok"], answer
        return answer

    async def says(self, user: str, text: str, **more: Any) -> str:
        return str((await self.drive("message", user=user, channel=ROOM, text=text, **more))["ts"])

    async def post(self, **message: Any) -> str:
        return str((await self.web.chat_postMessage(channel=ROOM, **message))["ts"])

    async def app_joins(self) -> None:
        app = AsyncApp(token=self.local.tokens.bot, client=self.web)
        self._listen(app)
        client = AsyncWebClient(base_url=f"{self.base}/api/")
        handler = AsyncSocketModeHandler(app, self.local.tokens.app, web_client=client, ping_interval=5)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        self.stack.push_async_callback(handler.close_async)
        async with asyncio.timeout(5):
            while not self.local.hub.connected:
                await asyncio.sleep(0.005)

    def _listen(self, app: AsyncApp) -> None:
        @app.command("/rollout")
        async def command(ack: Any, body: Any) -> None:
            self.heard.append(("command", body["text"]))
            await ack(f"heard {body['text']} from {body['user_name']}")

        @app.action("deny")
        async def deny(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

        @app.action("abort")
        async def abort(ack: Any, body: Any) -> None:
            self.heard.append(("abort", body["user"]["id"]))
            await ack()

        @app.view("deny")
        async def denied(ack: Any, body: Any) -> None:
            values = body["view"]["state"]["values"]
            self.heard.append(("deny", values))
            short = len(values["why"]["text"]["value"]) < 10
            await (ack(response_action="errors", errors={"why": "Say more."}) if short else ack())

        @app.event("app_mention")
        async def mention(body: Any) -> None:
            self.heard.append(("mention", body["event"]["text"]))

        @app.event("message")
        async def message() -> None:
            return None


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        target = OneTarget()
        app = build_workspace(SandboxClock(), target, grants=Grants())
        base = await stack.enter_async_context(running(app))
        session = await stack.enter_async_context(ClientSession())
        await session.get(f"{base}/drive/people")
        inner = await stack.enter_async_context(AsyncExitStack())
        yield Stage(base, app[LOCAL], target, session, inner)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is missing")
    async with async_playwright() as playwright:
        # As root, as in most containers, chromium starts without its own sandbox only.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, stage: Stage) -> AsyncIterator[Page]:
    """The page as Dana sees it first; an error in its console fails the test."""
    opened = await browser.new_page(viewport={"width": 1280, "height": 800})
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    opened.on("dialog", lambda dialog: wrong.append(dialog.message))
    await opened.goto(stage.base)
    await expect(opened.get_by_test_id("me")).to_contain_text("Dana")
    yield opened
    await opened.close()
    assert wrong == []


@pytest.fixture
def card_blocks() -> list[dict[str, Any]]:
    return CARD
