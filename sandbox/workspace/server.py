"""The server of the sandbox's workspace: one aiohttp application on one loopback port."""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox.clock import SandboxClock
from sandbox.drive.routes import add_drive
from sandbox.targets import Targets
from sandbox.workspace.acts import Acts
from sandbox.workspace.answers import ResponseDoor
from sandbox.workspace.delivery import Timing
from sandbox.workspace.grants import Grants, grants_of
from sandbox.workspace.local import LocalSlack, Tokens
from sandbox.workspace.oddities import Oddities
from sandbox.workspace.page import Handler, Page, only_from_here
from sandbox.workspace.signed_http import SignedHttp
from sandbox.workspace.webapi import WebApi

PAGE = Path(__file__).resolve().parents[1] / "page"
LOCAL = web.AppKey("local", LocalSlack)
LARGEST_BODY = 60_000_000


def build_workspace(
    clock: SandboxClock,
    targets: Targets,
    *,
    delivery: Literal["socket", "http"] = "socket",
    request_url: str | None = None,
    signing_secret: str | None = None,
    page_dir: Path = PAGE,
    tokens: Tokens | None = None,
    grants: Grants | None = None,
    timing: Timing | None = None,
    oddities: Oddities | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> web.Application:
    """Join the workspace. `app[LOCAL].tokens` holds what a bot needs; HTTP mode needs URL and secret."""
    local = LocalSlack(
        clock,
        grants if grants is not None else grants_of(),
        tokens or tokens_of_environment(),
        timing or Timing(),
        http=http_line(delivery, request_url, signing_secret, oddities or Oddities()),
        oddities=oddities,
        monotonic=monotonic,
    )
    app = web.Application(middlewares=[only_from_here, learn_address(local)], client_max_size=LARGEST_BODY)
    app[LOCAL] = local
    api, page = WebApi(local), Page(local, page_dir)
    app.router.add_route("*", "/api/{method}", api.serve)
    app.router.add_get("/socket/{ticket}", local.hub.serve)
    app.router.add_post("/respond/{name}", ResponseDoor(local).serve)
    app.router.add_post("/upload/{name}", page.upload)
    app.router.add_get("/files/{name}/{filename}", page.download)
    app.router.add_get("/archives/{channel}/{moment}", page.permalink)
    add_drive(app, local, Acts(local), targets)
    app.router.add_get("/{path:.*}", page.serve)

    async def close(_app: web.Application) -> None:
        await local.close()

    app.on_response_prepare.append(never_guess_types)
    app.on_response_prepare.append(local.oddities.date)
    app.on_shutdown.append(close)
    return app


async def never_guess_types(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Content-Type-Options"] = "nosniff"


def http_line(delivery: str, url: str | None, secret: str | None, oddities: Oddities) -> SignedHttp | None:
    if delivery == "socket":
        return None
    if not url or not secret:
        raise ValueError("HTTP delivery needs request_url and signing_secret")
    return SignedHttp(url, secret, oddities.clock_off)


def tokens_of_environment() -> Tokens:
    """Take the tokens from SANDBOX_BOT_TOKEN and SANDBOX_APP_TOKEN where set; make up the rest."""
    made = Tokens()
    return Tokens(os.environ.get("SANDBOX_BOT_TOKEN") or made.bot, os.environ.get("SANDBOX_APP_TOKEN") or made.app)


def learn_address(local: LocalSlack) -> Middleware:
    """The port may be chosen at start, so the first request tells which address to write into links."""

    @web.middleware
    async def learn(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None:
            host, port = request.transport.get_extra_info("sockname")[:2]
            local.base_url = f"http://{host}:{port}"
        return await handler(request)

    return learn


@asynccontextmanager
async def running(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serve on 127.0.0.1 and yield the base URL, without a slash at its end."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
