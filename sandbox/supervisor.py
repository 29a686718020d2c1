"""The whole sandbox as one thing: clock, sample systems, workspace and bot, started in order and ended in reverse."""

import asyncio
import errno
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Literal

from aiohttp import web

from sandbox.bot_process import BotProcess, Program
from sandbox.clock import SandboxClock
from sandbox.systems.gitguard import GitGuardSystems, start_gitguard
from sandbox.systems.nats_server import NatsNotReadyError
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.oddities import Oddities, Unknown
from sandbox.workspace.server import LOCAL, build_workspace, running

ROOT = Path(__file__).resolve().parents[1]
BOT = (sys.executable, "-m", "bot", "run")
CONNECTS_WITHIN = 60.0
POLL = 0.05


class SandboxFailedError(Exception):
    """The sandbox cannot start or go on; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

    port: int = 8780
    speed: float = 600.0
    mode: Literal["socket", "http"] = "socket"
    with_bot: bool = True
    bot_again: bool = True
    bot_argv: tuple[str, ...] = BOT
    oddities: Oddities = field(default_factory=Oddities)


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str
    environment: dict[str, str]
    folder: Path
    bot: BotProcess | None
    connected: Callable[[], bool]

    async def ready(self) -> None:
        """Return once the bot is connected; without a bot, at once. Raise SandboxFailedError if it never is."""
        bot = self.bot
        if bot is None:
            return
        try:
            async with asyncio.timeout(CONNECTS_WITHIN):
                while not self.connected():
                    if not bot.alive:
                        await bot.heard_out()
                        raise SandboxFailedError(_obituary(bot))
                    await asyncio.sleep(POLL)
        except TimeoutError as late:
            why = f"the bot did not connect within {CONNECTS_WITHIN:g} s. Its last lines:"
            raise SandboxFailedError("\n".join([why, *bot.last_lines])) from late
        bot.watch()


@asynccontextmanager
async def open_sandbox(wishes: Wishes, say: Callable[[str], None]) -> AsyncIterator[Sandbox]:
    """Start everything; at the end stop it by pid, newest first, and remove the temporary folder."""
    async with AsyncExitStack() as ending:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="rollout-sandbox-"))
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        clock = SandboxClock(wishes.speed)
        try:
            systems = await start_gitguard(clock, folder)
        except NatsNotReadyError as why:
            raise SandboxFailedError(str(why)) from why
        ending.push_async_callback(systems.close)
        if systems.nats is None:
            say("nats-server was not found: events are only counted, and CODEX_NATS_URL is not set.")
        http = _http_door() if wishes.mode == "http" else {}
        app = _workspace(wishes, clock, systems, http)
        url = await ending.enter_async_context(_serving(app, wishes.port))
        environment = {**_bot_environment(url, folder, app, systems), **http}
        bot = _bot(wishes, folder, environment, say) if wishes.with_bot else None
        if bot is not None:
            ending.push_async_callback(bot.end)
            await bot.start()
        local = app[LOCAL]
        yield Sandbox(url, environment, folder, bot, lambda: _connected(local, http))


def _workspace(wishes: Wishes, clock: SandboxClock, systems: GitGuardSystems, http: dict[str, str]) -> web.Application:
    try:
        return build_workspace(
            clock,
            systems.targets,
            delivery=wishes.mode,
            request_url=f"http://127.0.0.1:{http['ROLLOUT_HTTP_PORT']}/slack/events" if http else None,
            signing_secret=http.get("SLACK_SIGNING_SECRET"),
            oddities=wishes.oddities,
        )
    except Unknown as why:
        raise SandboxFailedError(str(why)) from why


@asynccontextmanager
async def _serving(app: web.Application, port: int) -> AsyncIterator[str]:
    async with AsyncExitStack() as ending:
        try:
            url = await ending.enter_async_context(running(app, port))
        except OSError as why:
            if why.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            reason = "is taken" if why.errno == errno.EADDRINUSE else "may not be used"
            raise SandboxFailedError(f"port {port} {reason}; choose another with --port, 0 takes any") from why
        yield url


def _bot_environment(url: str, folder: Path, app: web.Application, systems: GitGuardSystems) -> dict[str, str]:
    tokens = app[LOCAL].tokens
    return {
        "SLACK_BOT_TOKEN": tokens.bot,
        "SLACK_APP_TOKEN": tokens.app,
        "SLACK_API_URL": f"{url}/api/",
        "ROLLOUT_CLOCK_URL": f"{url}/drive/clock",
        "DATABASE_URL": f"sqlite:///{folder}/rollout.db",
        "ROLLOUT_PLANS": "plans",
        "ROLLOUT_DIGEST_KEY": secrets.token_hex(32),
        **systems.environment,
    }


def _bot(wishes: Wishes, folder: Path, environment: dict[str, str], say: Callable[[str], None]) -> BotProcess:
    whole = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
    return BotProcess(Program(wishes.bot_argv, ROOT, whole), folder / "bot.log", say, again=wishes.bot_again)


def _http_door() -> dict[str, str]:
    # Free at this moment; the bot binds it a little later, and nothing else here takes ports by number.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"ROLLOUT_HTTP_PORT": str(port), "SLACK_SIGNING_SECRET": secrets.token_hex(16)}


def _connected(local: LocalSlack, http: dict[str, str]) -> bool:
    """Whether the bot can be reached: over a socket, or where it says itself that it is ready."""
    if not http:
        return local.hub.connected > 0
    asked = HTTPConnection("127.0.0.1", int(http["ROLLOUT_HTTP_PORT"]), timeout=0.2)
    try:
        asked.request("GET", "/readyz")
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def _obituary(bot: BotProcess) -> str:
    code = bot.process.returncode if bot.process is not None else None
    lines = list(bot.last_lines) or ["(it wrote nothing)"]
    return "\n".join([f"the bot ended with code {code} before it was connected. Its last lines:", *lines])
