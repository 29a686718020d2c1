"""How long people wait for an answer while everything else hangs: gates, a locked database, a blocked command."""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.figures import ROUNDS, Figure

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 3.0
COMMANDS = 100
GATES = 200
LOCKED = 5.0
PAUSE = 0.08


def figures() -> Iterator[Figure]:
    """The longest acknowledgement of 100 commands, in seconds, against Slack's limit of 3 s."""
    longest = [_round() for _ in range(ROUNDS)]
    yield Figure("acks: longest of 100 commands under load, s, against 3 s", statistics.median(longest), LIMIT, 1.0)


class _Hanging(BaseHTTPRequestHandler):
    """A target that takes a request and never answers."""

    def do_GET(self) -> None:
        time.sleep(60)


def _round() -> float:
    hanging = ThreadingHTTPServer(("127.0.0.1", 0), _Hanging)
    hanging.daemon_threads = True
    threading.Thread(target=hanging.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        plans = _plans(Path(folder))
        town = _Town({"ROLLOUT_PLANS": str(plans), "HANGING_URL": f"http://127.0.0.1:{hanging.server_port}"})
        try:
            return _longest(town)
        finally:
            town.close()
            hanging.shutdown()


def _plans(folder: Path) -> Path:
    """A plan of 200 gates that hang, one of them a command that blocks."""
    gates = [_gate(number) for number in range(GATES - 1)]
    gates.append(
        {
            "gate": "blocked",
            "title": "A command that blocks",
            "probe": {"kind": "command", "argv": ["sleep", "30"], "timeout": "25s"},
            "equals": 0,
        }
    )
    phase = {
        "phase": "only",
        "title": "Only",
        "objective": "Hang.",
        "approvals": {"quorum": {"devops": 1}},
        "gates": gates,
    }
    plan = {
        "plan": "hanging",
        "title": "Hanging",
        "channel": "#gitguard-rollout",
        "guilds": {"devops": {"usergroup": "gitguard-devops"}},
        "run_by": "devops",
        "systems": {"slow": {"kind": "service", "url_env": "HANGING_URL"}},
        "phases": [phase],
    }
    (folder / "hanging.yml").write_text(json.dumps(plan))
    return folder


def _gate(number: int) -> dict[str, object]:
    probe = {"kind": "http", "system": "slow", "get": f"/{number}", "timeout": "25s"}
    return {"gate": f"gate-{number}", "title": "Hangs", "probe": probe, "equals": 200}


class _Town:
    """A sandbox with a bot whose environment is changed."""

    def __init__(self, env: dict[str, str]) -> None:
        argv = [sys.executable, "-m", "sandbox", "--port", "0", "--print-json", "--no-bot", "--speed", "1"]
        self.sandbox = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.sandbox.stdout is not None
        told = json.loads(next(line for line in self.sandbox.stdout if line.startswith("{")))
        self.base, self.env = told["workspace"].rstrip("/"), told["env"]
        executables = {"ROLLOUT_EXECUTABLES": "systemctl,docker,sleep"}
        self.bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT,
            env={**os.environ, **self.env, **executables, **env},
            stderr=subprocess.DEVNULL,
        )
        while not self.call("faults")["sockets"]:
            time.sleep(0.05)

    def call(self, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.base}/drive/{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - a loopback address
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - a loopback address
            return dict(json.loads(answer.read()))

    def command(self, text: str) -> dict[str, object]:
        return self.call(
            "command", {"user": "dana", "channel": "gitguard-rollout", "command": "/rollout", "text": text}
        )

    def close(self) -> None:
        for process in (self.bot, self.sandbox):
            process.terminate()
            process.wait(20)


def _longest(town: _Town) -> float:
    assert town.command("start only")["ok"]
    time.sleep(1)  # the first readings of all gates are under way, and hang
    database = town.env["DATABASE_URL"].split("///")[1]
    locked = threading.Thread(target=_lock, args=(database,))
    locked.start()
    verbs = [
        "status",
        "why",
        "hold only slow",
        "resume only",
        "gates",
        "next",
        "approve",
        "help",
        "flags",
        "preview only",
    ]
    with ThreadPoolExecutor(20) as people:
        asked = []
        for number in range(COMMANDS):
            asked.append(people.submit(town.command, verbs[number % len(verbs)]))
            time.sleep(PAUSE)  # so that they come while the database is locked and after
        answers = [each.result() for each in asked]
    locked.join()
    assert all(answer["ok"] for answer in answers), [answer for answer in answers if not answer["ok"]]
    recorded = sum("Recorded" in json.dumps(answer["response"]) for answer in answers)
    assert recorded, "no command was recorded: the round shows nothing"
    assert recorded == _kept(database), "what was answered as recorded is on the disk, and nothing else"
    return max(float(str(answer["ack_ms"])) for answer in answers) / 1000


def _kept(database: str) -> int:
    """How many of the commands that change something are in the ledger."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        asked = "SELECT count(*) FROM ledger WHERE actor = 'U0DANA' AND kind IN ('PhaseHeld', 'PhaseResumed')"
        return int(opened.execute(asked).fetchone()[0])


def _lock(database: str) -> None:
    """Hold the database's write lock from another connection, as a stuck process would."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=10)
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(LOCKED)
    connection.execute("ROLLBACK")
    connection.close()
