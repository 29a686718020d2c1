"""How many signed commands are answered a second with their commit on the disk, and how soon one is."""

import base64
import hashlib
import hmac
import json
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from bench import seeding
from bench.figures import ROUNDS, Figure, Rate
from bench.ledgers import PLACE
from bench.processes import SECRET, environment, piped, running, server
from bench.servers import TEAM

PEOPLE = 192
PLANS, PHASES = 8, 8  # each phase of each rollout is what one connection holds and resumes
EACH = 12  # commands on each connection in one round; a person may ask 20 times at once
ALONE = 60
_numbers = count(1)


@dataclass(frozen=True)
class Town:
    """The processes of one run: the client, and the ports of what it is sent against."""

    client: "subprocess.Popen[str]"
    bot: int
    bare: int
    bolt: int
    database: Path
    rollouts: tuple[str, ...]

    def send(self, port: int, connections: list[list[bytes]]) -> dict[str, object]:
        encoded = [[base64.b64encode(each).decode() for each in requests] for requests in connections]
        assert self.client.stdin is not None
        assert self.client.stdout is not None
        self.client.stdin.write(json.dumps({"port": port, "connections": encoded}) + "\n")
        self.client.stdin.flush()
        return dict(json.loads(self.client.stdout.readline()))


def figures() -> Iterator[Figure]:
    """Answers a second on 16 and 64 connections; the median answer on one."""
    with _town() as town:
        ours: dict[int, list[float]] = {16: [], 64: []}
        bare: dict[int, list[float]] = {16: [], 64: []}
        alone, bolt = [], []
        for _ in range(ROUNDS):
            for connections in (16, 64):
                bare[connections].append(_bare(town, connections))
                ours[connections].append(_ours(town, connections))
            bolt.append(_median(_taken(town.send(town.bolt, [_asks(town, 0, ALONE // 4, "U0")]))))
            alone.append(_median(_recorded(town, 1, ALONE)))
        for connections, goal in ((16, 0.18), (64, 0.22)):
            yield Rate(
                f"ack-{connections}: commands/s answered with their commit, {connections} connections, against aiohttp",
                statistics.median(ours[connections]),
                statistics.median(bare[connections]),
                goal,
            )
        yield Figure(
            "ack-p50: ms, one connection, against Bolt's defaults that store nothing",
            statistics.median(alone),
            statistics.median(bolt),
            0.2,
        )


def _ours(town: Town, connections: int) -> float:
    told = _recorded(town, connections, connections * EACH)
    return connections * EACH / float(str(told["seconds"]))


def _bare(town: Town, connections: int) -> float:
    told = _taken(town.send(town.bare, [_asks(town, number, EACH * 4, "U0") for number in range(connections)]))
    return connections * EACH * 4 / float(str(told["seconds"]))


def _recorded(town: Town, connections: int, commands: int) -> dict[str, object]:
    """Hold and resume in turns, each connection its own phase, each person only a few times."""
    before = _kept(town.database)
    each = commands // connections
    told = town.send(town.bot, [_asks(town, number, each) for number in range(connections)])
    answers = told["answers"]
    assert isinstance(answers, dict)
    assert sum(answers.values()) == commands
    assert all(answer.startswith('200 {"text": "Recorde') for answer in answers), answers
    assert _kept(town.database) - before == commands, "what was answered is in the ledger, and nothing else"
    return told


def _taken(told: dict[str, object]) -> dict[str, object]:
    answers = told["answers"]
    assert isinstance(answers, dict)
    assert all(answer.startswith("200 ") and "taken" in answer for answer in answers), answers
    return told


def _median(told: Mapping[str, object]) -> float:
    took = told["took"]
    assert isinstance(took, list)
    return float(statistics.median(took))


def _kept(database: Path) -> int:
    with closing(sqlite3.connect(database)) as opened:
        asked = "SELECT count(*) FROM ledger WHERE kind IN ('PhaseHeld', 'PhaseResumed')"
        return int(opened.execute(asked).fetchone()[0])


def _asks(town: Town, number: int, commands: int, person: str = "") -> list[bytes]:
    """Signed commands: hold and resume, of one rollout."""
    target = f"{town.rollouts[number % PLANS]} phase-{number // PLANS}"
    texts = (f"hold {target} the queue is growing", f"resume {target}")
    found = []
    for place in range(commands):
        if place % 6 == 0:
            asking = person or f"U{next(_numbers) % PEOPLE:05}"
        found.append(signed(asking, texts[place % 2]))
    return found


def signed(person: str, text: str) -> bytes:
    """One request as Slack sends it, with a trigger id of its own."""
    form = {
        "token": "t",
        "team_id": TEAM,
        "team_domain": "bench",
        "channel_id": "C0BENCH",
        "channel_name": "gitguard-rollout",
        "user_id": person,
        "user_name": "somebody",
        "command": "/rollout",
        "text": text,
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "response_url": "http://127.0.0.1:9/commands/1",
        "trigger_id": f"{time.time_ns()}.{next(_numbers)}",
    }
    body = urlencode(form).encode()
    stamp = str(int(time.time()))
    seal = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return (
        f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={seal}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@contextmanager
def _town() -> Iterator[Town]:
    PLACE.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=PLACE)))
        people = tuple(f"U{number:05}" for number in range(PEOPLE))
        plans = seeding.plans(folder / "plans", PLANS, PHASES, people)
        database = folder / "rollout.db"
        rollouts = seeding.seed(f"sqlite:///{database}", plans)
        slack = stack.enter_context(server("slack", {}))
        env = environment(slack, plans, database)
        bot = stack.enter_context(running(env))
        client = stack.enter_context(piped(["bench.client"], {}))
        bare = stack.enter_context(server("bare", {}))
        bolt = stack.enter_context(server("bolt", env))
        time.sleep(6)  # what Slack signed within seconds of the start may be a repeat, and is looked up
        town = Town(client, bot, bare, bolt, database, rollouts)
        _recorded(town, PLANS * PHASES, PLANS * PHASES * 2)
        yield town
