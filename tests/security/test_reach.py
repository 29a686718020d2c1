"""The guard: no address, path, resolver or redirect makes a probe or a step connect to where the plan does not lead."""

import asyncio
import base64
import socket
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from bot.actions.hands import ActionHands
from bot.domain.plan import Approvals, Guild, Phase, ResolvedPhase
from bot.domain.probes import HttpProbe, HttpReads
from bot.domain.quantities import Span
from bot.domain.steps import HttpStep
from bot.domain.systems import Service
from bot.plans.resolve import without_user
from bot.ports import ActionFailed, Unreachable
from bot.probes.reader import ProbeReader
from bot.reach.guard import Guard
from bot.reach.subprocesses import Allowed
from bot.rehearsal.clock import RehearsalClock
from tests.security.counts import counted, dice
from tests.security.reach_cases import ALSO_HOME, HOME, HOME6, SECOND_TRAP, TRAP, Case, every, family_of

AT = datetime(2025, 9, 1, 8, tzinfo=UTC)
ANYWHERE = Guard.of(["0.0.0.0/0", "::/0"])
NOBODY = Allowed(frozenset())

_tried: list[tuple[str, int]] | None = None


def _witness(event, arguments):
    """Sees every connection that this process tries, whoever tries it: independent of the guard and of aiohttp."""
    if event == "socket.connect" and _tried is not None and isinstance(arguments[1], tuple):
        _tried.append(arguments[1][:2])


sys.addaudithook(_witness)


@dataclass
class Town:
    """Real listening sockets: the home that the plan names, and traps beside it, some at the very same port."""

    port: int
    trap_port: int
    seen: Counter = field(default_factory=Counter)
    heads: list[bytes] = field(default_factory=list)

    @property
    def trapped(self):
        return sum(number for (host, port), number in self.seen.items() if self._is_trap(host, port))

    def _is_trap(self, host, port):
        return port == self.trap_port or host in {TRAP, SECOND_TRAP}

    async def talk(self, reader, writer):
        where = writer.get_extra_info("sockname")[:2]
        self.seen[where] += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            writer.write(_answer(head.split(b" ")[1].decode(errors="replace")))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


def _answer(path):
    body = b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
    if not path.startswith("/to/"):
        return b"HTTP/1.1 200 OK\r\n" + body
    _, _, status, target = path.split("/", 3)
    return f"HTTP/1.1 {status} Moved\r\nLocation: {unquote(target)}\r\n".encode() + body


@pytest.fixture
async def town():
    async with AsyncExitStack() as ends:
        made = Town(*_two_ports())
        homes = [(host, made.port) for host in (HOME, ALSO_HOME, HOME6, TRAP, SECOND_TRAP)]
        for host, port in (*homes, *((host, made.trap_port) for host in (HOME, ALSO_HOME, HOME6))):
            server = await asyncio.start_server(made.talk, host, port)
            ends.callback(server.close)
        yield made


def _two_ports():
    """Two ports that are free on every address that is used here."""
    while True:
        found = []
        for _ in range(2):
            with socket.socket() as first:
                first.bind((HOME, 0))
                found.append(first.getsockname()[1])
        if found[0] != found[1] and all(_free(host, port) for host in (TRAP, HOME6, ALSO_HOME) for port in found):
            return found


def _free(host, port):
    with socket.socket(family_of(host)) as tried:
        try:
            tried.bind((host, port))
        except OSError:
            return False
        return True


@dataclass
class Resolver(AbstractResolver):
    """A resolver that answers otherwise each time, the last answer for ever."""

    answers: tuple[tuple[str, ...], ...]
    asked: int = 0

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        found = self.answers[min(self.asked, len(self.answers) - 1)] if self.answers else ()
        self.asked += 1
        if not found:
            raise OSError(None, "no such name")
        return [
            {"hostname": host, "host": each, "port": port, "family": family_of(each), "proto": 0, "flags": 0}
            for each in found
        ]

    async def close(self):
        pass


def phase_at(url):
    return ResolvedPhase(
        plan="gitguard",
        title="GitGuard",
        run_by="devops",
        guilds={"devops": Guild(members=("U1",))},
        systems={"codex": Service("service", "CODEX_URL")},
        phase=Phase("staging", "Staging", "try", Approvals({"devops": 1})),
        rungs={},
        files={},
        targets={"CODEX_URL": without_user(url)},
        secrets={"CODEX_URL": "sealed"} if without_user(url) != url else {},
    )


async def probed(case):
    guard = replace(case.guard, resolver=Resolver(case.answers))
    reads = HttpReads.TEXT if case.works is None else HttpReads.STATUS
    probe = HttpProbe("http", "codex", case.path, reads, timeout=Span(seconds=1))
    reader = ProbeReader(NOBODY, {"CODEX_URL": case.url}, guard)
    reading = await reader.read(probe, phase_at(case.url), AT)
    assert reading.value is not None or reading.trouble
    return reading.value == 200, reading.trouble


async def stepped(case):
    guard = replace(case.guard, resolver=Resolver(case.answers))
    secrets = {"CODEX_URL": case.url}
    hands = ActionHands(ProbeReader(NOBODY, secrets), RehearsalClock(), NOBODY, secrets, guard)
    step = HttpStep("http", "Tell", "codex", "POST", case.path, timeout=Span(seconds=1))
    try:
        said = await hands.act(step, phase_at(case.url), "key", {})
    except (ActionFailed, Unreachable) as why:
        return False, str(why)
    return said.endswith(": 200"), ""


async def connections_of(case, act):
    """Where it connected to, whether it worked, and what was said instead."""
    global _tried  # noqa: PLW0603 - the audit hook belongs to the process
    _tried = []
    try:
        worked, said = await act(case)
        return set(_tried), worked, said
    finally:
        _tried = None


@counted(400)
async def test_nothing_connects_to_where_the_plan_does_not_lead(town, cases, record_property):
    thrown = dice()
    families = every(thrown, town.port, town.trap_port)
    chosen = [case for family in families for case in thrown.spread(family, -(-cases // len(families)))]
    wrong, worked, refused = [], 0, 0
    for case in chosen:
        for act in (probed, stepped):
            tried, works, said = await connections_of(case, act)
            astray = {each for each in tried if each[0] not in case.to or each[1] != town.port}
            if astray or (case.works is not None and works != case.works):
                wrong.append((act.__name__, case.told, case.url, case.path, case.answers, tried, works, said))
            worked += works
            refused += not works and not tried
    heads = b"".join(town.heads)
    assert not wrong, f"seed {thrown.seed}: {wrong[:9]} and {len(wrong)} in all"
    assert town.trapped == 0
    # No line of a head was written by a path, and no head names another host than its own.
    assert b"\r\nX: y" not in heads
    assert TRAP.encode() not in b"".join(line for line in heads.split(b"\r\n") if line.lower().startswith(b"host:"))
    assert worked > len(chosen) // 10
    told = f"{len(chosen)} cases by probe and step: 0 connections astray of {sum(town.seen.values())} made"
    record_property(
        "figure", f"{told}, {refused} refused unconnected, {worked} allowed ones worked, seed {thrown.seed}"
    )


async def test_without_the_guard_the_same_names_lead_into_the_traps(town):
    """The control: the traps are real, and both witnesses see who falls into them."""
    for host in (TRAP, SECOND_TRAP):
        lost = Case("a name", f"http://codex.test:{town.port}", answers=((host,),), guard=ANYWHERE)
        tried, works, _ = await connections_of(lost, probed)
        assert (tried, works) == ({(host, town.port)}, True)
    assert town.trapped == 2
    async with aiohttp.ClientSession() as session:
        target = quoted(f"http://{TRAP}:{town.port}/ok")
        async with session.get(f"http://{HOME}:{town.port}/to/302/{target}") as answer:
            assert answer.status == 200
    assert town.trapped == 3


def quoted(target):
    return target.replace("/", "%2F").replace(":", "%3A")


async def test_a_refusal_says_where_the_name_leads_and_what_to_do(town):
    case = Case("a name", f"http://codex.test:{town.port}", answers=(("169.254.169.254",),))
    for act in (probed, stepped):
        _, _, said = await connections_of(case, act)
        assert "leads to 169.254.169.254, a link-local or metadata address" in said
        assert "ROLLOUT_REACH" in said


async def test_a_password_is_sent_home_and_shown_to_nobody(town):
    secret = base64.b64encode(b"user:hunter2-in-the-url").decode()
    case = Case("a user", f"http://user:hunter2-in-the-url@codex.test:{town.port}", answers=((TRAP,),))
    _, _, said = await connections_of(case, probed)
    assert "hunter2" not in said
    await connections_of(Case("", f"http://user:hunter2-in-the-url@{HOME}:{town.port}"), probed)
    assert any(f"Authorization: Basic {secret}".encode() in head for head in town.heads)


@pytest.mark.parametrize("wrong", ["127.0.0.1/8", "everything", "10.0.0.0/33", ""])
def test_what_is_no_network_permits_nothing(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        Guard.of([wrong])
