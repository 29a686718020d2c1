"""`python -m sandbox`: a local Slack, sample systems and the bot, on one loopback address."""

import argparse
import asyncio
import json
import os
import shlex
import signal
import sys

from sandbox.supervisor import Sandbox, SandboxFailedError, Wishes, open_sandbox
from sandbox.workspace.oddities import Oddities


def main(argv: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; 0 when ended by one of them, 1 when it could not start."""
    asked = _parser().parse_args(argv)
    wishes = Wishes(
        port=asked.port,
        speed=asked.speed,
        mode=asked.mode,
        with_bot=not asked.no_bot,
        bot_again=not asked.no_restart,
        oddities=Oddities(
            tuple(asked.without_scope), tuple(asked.without_group), asked.clock_off, free_plan=asked.free_plan
        ),
    )
    try:
        return asyncio.run(_run(wishes, as_json=asked.print_json))
    except SandboxFailedError as why:
        _note(f"sandbox: {why}")
        return 1


async def _run(wishes: Wishes, *, as_json: bool) -> int:
    stop = asyncio.Event()
    for wish in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    async with open_sandbox(wishes, _note) as sandbox:
        ready, stopped = asyncio.create_task(sandbox.ready()), asyncio.create_task(stop.wait())
        await asyncio.wait({ready, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            return 0
        ready.result()
        _announce(sandbox, as_json=as_json)
        await stopped
    return 0


def _announce(sandbox: Sandbox, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "workspace": f"{sandbox.url}/",
            "env": sandbox.environment,
            "bot_pid": sandbox.bot.pid if sandbox.bot is not None else None,
            "tmp": str(sandbox.folder),
        }
        _tell(json.dumps(facts))
        return
    _tell(f"Workspace: {sandbox.url}/")
    if sandbox.bot is None:
        for name, value in sandbox.environment.items():
            _tell(f"export {name}={_quoted(name, value)}")


def _quoted(name: str, value: str) -> str:
    if name == "PATH":
        # Only what is new, so that the line also fits a shell with a PATH of its own.
        return f'{shlex.quote(value.split(os.pathsep, 1)[0])}:"$PATH"'
    return shlex.quote(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=_port, default=8780, help="of the workspace; 0 takes any free one")
    parser.add_argument("--speed", type=_speed, default=600.0, help="how many times faster the clock runs")
    parser.add_argument("--mode", choices=["socket", "http"], default="socket", help="how the bot is reached")
    parser.add_argument("--plan", choices=["gitguard"], default="gitguard", help="whose sample systems run")
    parser.add_argument("--no-bot", action="store_true", help="print the environment that a bot needs instead")
    parser.add_argument("--no-restart", action="store_true", help="leave a bot that died as it is")
    parser.add_argument("--without-scope", action="append", default=[], help="a scope that was not granted; repeatable")
    parser.add_argument("--without-group", action="append", default=[], help="a user group to leave out; repeatable")
    parser.add_argument("--clock-off", type=float, default=0.0, help="seconds that Slack's clock is behind this host's")
    parser.add_argument("--free-plan", action="store_true", help="a workspace without user groups")
    parser.add_argument("--print-json", action="store_true", help="print one line of JSON when ready")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 1_000_000:
        raise ValueError(text)
    return speed


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _note(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
