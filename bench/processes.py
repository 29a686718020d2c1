"""The processes of a benchmark: a bot that takes signed requests, what stands around it, and when it is ready."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bench import seeding

ROOT = Path(__file__).resolve().parents[1]
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - Slack's own sample
BOT = (sys.executable, "-m", "bot", "run")


def environment(slack: int, plans: Path, database: Path) -> dict[str, str]:
    """What a bot needs that listens for signed requests."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
        "DATABASE_URL": f"sqlite:///{database}",
        "ROLLOUT_ROOT": str(plans.parent),
        "ROLLOUT_PLANS": str(plans),
        "ROLLOUT_DIGEST_KEY": seeding.KEY,
        "ROLLOUT_LOG_LEVEL": "error",
    }


@contextmanager
def server(name: str, env: Mapping[str, str]) -> Iterator[int]:
    with piped(["bench.servers", name], env) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def piped(module: list[str], env: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def running(env: Mapping[str, str]) -> Iterator[int]:
    """A bot that is ready, by its port."""
    port = free_port()
    process = start(env, port)
    try:
        until_ready(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def start(env: Mapping[str, str], port: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        BOT, cwd=ROOT, env={**os.environ, **env, "ROLLOUT_HTTP_PORT": str(port)}, stdout=subprocess.DEVNULL
    )


def until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.005)
    raise AssertionError(f"the bot ended with {process.returncode}")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
