"""`python -m sandbox` as a process: it says when it is ready, keeps a bot alive and leaves nothing behind."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.__main__ import main
from sandbox.bot_process import BotProcess, Program
from sandbox.supervisor import ROOT, SandboxFailedError, Wishes, open_sandbox
from sandbox.tether import tethered

Eventually = Callable[..., Awaitable[None]]

# A bot that does no more than connect, so that this test needs no real one.
CONNECTS = """
import asyncio, os, aiohttp
async def main():
    async with aiohttp.ClientSession() as session:
        head = {"Authorization": "Bearer " + os.environ["SLACK_APP_TOKEN"]}
        async with session.post(os.environ["SLACK_API_URL"] + "apps.connections.open", headers=head) as reply:
            url = (await reply.json())["url"]
        async with session.ws_connect(url) as line:
            async for _ in line:
                pass
asyncio.run(main())
"""
LISTENS = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

HTTPServer(("127.0.0.1", int(os.environ["ROLLOUT_HTTP_PORT"])), Ready).serve_forever()
"""
SPEAKS = """
print("all is well")
print("2026-11-20 [warning  ] the clock is odd")
print("Traceback (most recent call last):")
print('  File "x.py", line 1')
print("ValueError: no")
print("level=info and on")
"""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # Dead, but not yet collected by whoever inherited it.
    return not (stat.exists() and stat.read_text("utf-8").rpartition(")")[2].split()[0] == "Z")


@contextlib.asynccontextmanager
async def _started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 10)).decode()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_it_is_ready_serves_all_and_ends_cleanly(ending: signal.Signals) -> None:
    async with _started("--no-bot", "--port", "0", "--print-json") as process:
        facts = json.loads(await _line(process))
        ports = list((Path(facts["tmp"]) / "nats").glob("*.ports"))
        nats_pid = int(ports[0].stem.rpartition("_")[2])
        async with aiohttp.ClientSession() as session:
            async with session.get(facts["env"]["CODEX_URL"] + "/health") as reply:
                assert reply.status == 200
            async with session.get(facts["workspace"] + "drive/target") as reply:
                target = (await reply.json())["target"]
            async with session.post(facts["workspace"] + "drive/target", json={"error_rate": 0.3}) as reply:
                turned = (await reply.json())["target"]
        assert _alive(nats_pid)
        process.send_signal(ending)
        code = await asyncio.wait_for(process.wait(), 10)

    assert code == 0
    assert (target["version"], target["running"], target["error_rate"]) == ("1.4.0", True, 0.004)
    assert target["flags"]["CODEX_PUBLISH_PORTAL"] == "build-only"
    assert turned["error_rate"] == 0.3
    assert facts["bot_pid"] is None
    assert set(facts["env"]) == {
        *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL", "ROLLOUT_CLOCK_URL", "DATABASE_URL"),
        *("ROLLOUT_PLANS", "ROLLOUT_DIGEST_KEY", "CODEX_URL", "CODEX_GRAPH_URL", "CODEX_DOCS_URL"),
        *("PROMETHEUS_URL", "CODEX_NATS_URL", "CODEX_ENV_FILE", "PATH"),
    }
    assert not _alive(nats_pid)
    assert not Path(facts["tmp"]).exists()


@pytest.mark.skipif(tethered(["x"]) == ["x"], reason="setpriv of util-linux is missing")
async def test_even_a_killed_sandbox_leaves_no_server_behind(eventually: Eventually) -> None:
    async with _started("--no-bot", "--port", "0", "--print-json") as process:
        facts = json.loads(await _line(process))
        ports = list((Path(facts["tmp"]) / "nats").glob("*.ports"))
        process.kill()
        await process.wait()
    try:
        await eventually(lambda: not _alive(int(ports[0].stem.rpartition("_")[2])))
    finally:
        shutil.rmtree(facts["tmp"])


async def test_without_a_bot_it_prints_what_a_shell_can_take() -> None:
    async with _started("--no-bot", "--port", "0") as process:
        first = await _line(process)
        exports = [await _line(process) for _ in range(14)]
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)

    assert first.startswith("Workspace: http://127.0.0.1:")
    assert all(line.startswith("export ") for line in exports)
    assert any(line.startswith("export PATH=") and line.endswith('/bin:"$PATH"\n') for line in exports)


async def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with _started("--no-bot", "--port", str(port)) as process:
            _, err = await asyncio.wait_for(process.communicate(), 10)

    assert process.returncode == 1
    assert err.decode() == f"sandbox: port {port} is taken; choose another with --port, 0 takes any\n"


@pytest.mark.parametrize("arguments", [["--speed", "0"], ["--port", "70000"], ["--plan", "none"], ["--mode", "x"]])
def test_a_senseless_argument_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)

    assert refused.value.code == 2
    assert f"argument {arguments[0]}: invalid" in capsys.readouterr().err


def _wishes(script: str, **more: Any) -> Wishes:
    return Wishes(port=0, bot_argv=(sys.executable, "-c", script), **more)


async def test_a_bot_that_ends_early_is_quoted() -> None:
    wishes = _wishes("import sys; print('no token'); sys.exit(3)")
    async with open_sandbox(wishes, lambda _: None) as sandbox:
        with pytest.raises(SandboxFailedError, match="ended with code 3 before it was connected") as failed:
            await sandbox.ready()
        folder = sandbox.folder

    assert str(failed.value).endswith("no token")
    assert not folder.exists()


async def test_a_killed_bot_is_started_again_and_ended_at_last(eventually: Eventually) -> None:
    said: list[str] = []
    async with open_sandbox(_wishes(CONNECTS), said.append) as sandbox:
        await asyncio.wait_for(sandbox.ready(), 10)
        assert sandbox.bot is not None
        first = sandbox.bot.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        bot = sandbox.bot
        await eventually(lambda: bot.pid not in {None, first})
        await eventually(sandbox.connected)
        second = bot.pid

    assert said == ["The bot has died (signal 9); it is started again in 1 s."]
    assert second is not None
    assert not _alive(first)
    assert not _alive(second)


async def test_a_killed_bot_stays_dead_when_that_is_asked(eventually: Eventually) -> None:
    said: list[str] = []
    async with open_sandbox(_wishes(CONNECTS, bot_again=False), said.append) as sandbox:
        await asyncio.wait_for(sandbox.ready(), 10)
        assert sandbox.bot is not None
        assert sandbox.bot.pid is not None
        os.kill(sandbox.bot.pid, signal.SIGKILL)
        await eventually(lambda: said == ["The bot has died (signal 9); it stays so."])
        assert sandbox.bot.pid is None


async def test_in_http_mode_the_bot_is_ready_once_it_listens() -> None:
    async with open_sandbox(_wishes(LISTENS, mode="http"), lambda _: None) as sandbox:
        await asyncio.wait_for(sandbox.ready(), 10)

        assert sandbox.connected()
        assert len(sandbox.environment["SLACK_SIGNING_SECRET"]) == 32


async def test_only_warnings_of_the_bot_reach_the_terminal(tmp_path: Path) -> None:
    said: list[str] = []
    program = Program((sys.executable, "-c", SPEAKS), tmp_path, dict(os.environ))
    bot = BotProcess(program, tmp_path / "bot.log", said.append)
    await bot.start()
    assert bot.process is not None
    await bot.process.wait()
    await bot.heard_out()
    await bot.end()

    assert said == [
        "bot | 2026-11-20 [warning  ] the clock is odd",
        "bot | Traceback (most recent call last):",
        'bot |   File "x.py", line 1',
        "bot | ValueError: no",
    ]
    assert "all is well" in (tmp_path / "bot.log").read_text("utf-8")
