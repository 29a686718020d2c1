"""Planted secrets: none comes to the database, the log, a message, or an error, whatever the targets answer."""

import base64
import io
import json
import logging
import sys
from contextlib import AsyncExitStack
from urllib.parse import quote

import pytest
from aiohttp import web

from bot.actions.hands import ActionHands
from bot.domain.rollout import State
from bot.domain.timers import Timer, TimerKind
from bot.logs import log_to_stderr
from bot.plans.library import PlanLibrary
from bot.plans.loader import PlanError, load
from bot.plans.shelf import DiskShelf
from bot.ports import Change, Unresolvable
from bot.probes.reader import ProbeReader
from bot.probes.sheet import EnvSheet
from bot.reach.subprocesses import Allowed
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.directory import RehearsalDirectory
from bot.settings import Settings, SettingsFault
from bot.views.card import card
from bot.views.gates import judged
from bot.views.notes import note
from bot.views.previews import preview
from bot.views.request import request
from bot.workflows.effects import Effects
from bot.workflows.gates import Gates
from bot.workflows.proposals import Proposals
from bot.workflows.rollback import Rollbacks
from storage.opened import opened
from tests.security.changing import APPROVERS, PEOPLE
from tests.security.counts import counted, dice
from tests.security.planting import SLOTS, found, of_folder, planted

PLAN = """\
plan: small
title: Small
channel: "#small"
guilds: {devops: {usergroup: devops, title: DevOps}, security: {usergroup: security, title: Security}}
run_by: devops
systems:
  app:
    kind: service
    url_env: APP_URL
    env_file_env: APP_ENV
    restart: [tools/leak.py, restart]
    reports: {kind: http, system: app, get: /env, reads: json, path: "@"}
    runs: {kind: http, system: app, get: /plain, reads: text}
  metrics: {kind: prometheus, url_env: METRICS_URL}
phases:
  - phase: one
    title: One
    objective: See that nothing comes out
    approvals: {quorum: {devops: 1, security: 1}}
    steps:
      - {kind: flags, system: app, title: Load, sets: {ENABLED: "true"}, timeout: 5s}
      - {kind: command, title: Tell, argv: [tools/leak.py, ok], secrets: [TELL_TOKEN], timeout: 5s}
      - kind: deploy
        title: Deploy
        system: app
        argv: [tools/leak.py, ok]
        version: "2.0"
        version_env: TAG
        secrets: [DEPLOY_TOKEN]
        timeout: 5s
      - {kind: http, title: Ask, system: app, method: POST, path: /refused, key_header: Idempotency-Key, timeout: 5s}
      - {kind: command, title: Fail, argv: [tools/leak.py, fail], secrets: [TELL_TOKEN], timeout: 5s}
    soak: {at_least: 30m, at_most: 6h}
    gates:
GATES
    rollback: [back]
rungs:
  back:
    title: Back
    steps: [{kind: flags, system: app, sets: {ENABLED: "false"}}]
"""
PROBES = (
    "{kind: command, argv: [tools/leak.py, ok], secrets: [PROBE_TOKEN], text: true}",
    '{kind: command, argv: [tools/leak.py, json], secrets: [PROBE_TOKEN], path: "@"}',
    "{kind: command, argv: [tools/leak.py, fail], secrets: [PROBE_TOKEN], text: true}",
    "{kind: http, system: app, get: /plain, reads: text}",
    '{kind: http, system: app, get: /json, reads: json, path: "@"}',
    "{kind: http, system: app, get: /header, reads: header, header: X-Asked}",
    "{kind: http, system: app, get: /refused, reads: text}",
    "{kind: http, system: app, get: /away, reads: text}",
    "{kind: http, system: app, get: /broken, reads: text}",
    "{kind: prometheus, system: metrics, query: up}",
    "{kind: prometheus, system: metrics, query: warned}",
)
LEAK = """\
import base64, json, os, sys, urllib.parse
names = [name for name in os.environ if name.endswith("_TOKEN")]
for name in names:
    value = os.environ[name]
    said = [value, urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value), json.dumps(value),
            base64.b64encode(value.encode()).decode(), f"x{value}y", f"--token={value}", f"https://u:{value}@h/"]
    if sys.argv[1] == "json":
        print(json.dumps({"all": said, name: value}))
    else:
        print("\\n".join(said))
        print(f"no: {value}", file=sys.stderr)
sys.exit(sys.argv[1] == "fail")
"""


async def echo(asked):
    """A system that answers with everything that it was asked with."""
    given = asked.headers.get("Authorization", "")
    plain = base64.b64decode(given.partition(" ")[2]).decode() if given else ""
    told = f"{given} | {plain} | {plain.partition(':')[2]} | {quote(plain, safe='')}"
    path = asked.path
    if path.endswith("/query"):
        warned = {"status": "success", "warnings": [told], "data": {"resultType": "scalar", "result": [0, "1"]}}
        refused = {"status": "error", "error": told}
        return web.json_response(warned if asked.query["query"] == "warned" else refused)
    if path == "/refused":
        return web.Response(status=401, text=told)
    if path == "/away":
        raise web.HTTPFound(f"http://u:{quote(plain, safe='')}@127.0.0.1:1/")
    if path == "/broken":
        asked.transport.close()
    if path == "/env":
        return web.json_response({"ENABLED": "true", "TOLD": told})
    headers = {"X-Asked": quote(told, safe=" |:")}
    return web.json_response({"told": told}) if path == "/json" else web.Response(text=told, headers=headers)


def plan_with(probes):
    gates = []
    for number, probe in enumerate(probes):
        wanted = 1 if "prometheus" in probe else "x"
        gates.append(f"      - {{gate: gate-{number}, title: Gate {number}, probe: {probe}, equals: {wanted}}}")
    return PLAN.replace("GATES", "\n".join(gates))


class Trial:
    """A rollout over real storage, real commands and real servers, in each slot a secret of its own."""

    def __init__(self, root, secrets, address):
        self.root, self.secrets = root, secrets
        (root / "plans").mkdir(parents=True)
        (root / "plans/small.yml").write_text(plan_with(PROBES))
        (root / "tools").mkdir()
        (root / "tools/leak.py").write_text(f"#!{sys.executable} -IS\n{LEAK}")
        (root / "tools/leak.py").chmod(0o755)
        (root / "target.env").write_text(f"DB_PASSWORD={secrets['target-file']}\nENABLED=false\n")
        self.environ = {
            "APP_URL": f"http://user:{quote(secrets['service-url'], safe='')}@{address}",
            "METRICS_URL": f"http://user:{quote(secrets['metrics-url'], safe='')}@{address}",
            "APP_ENV": str(root / "target.env"),
            "TELL_TOKEN": secrets["command"],
            "DEPLOY_TOKEN": secrets["deploy"],
            "PROBE_TOKEN": secrets["probe"],
        }
        self.shown, self.kept = [], root / "kept"
        self.kept.mkdir()

    def show(self, *things):
        self.shown += [each if isinstance(each, str) else repr(each) for each in things]

    async def run(self):
        clock = RehearsalClock()
        allowed = Allowed(frozenset(), self.root)
        library = PlanLibrary(self.root, self.root / "plans", self.environ, self.secrets["digest-key"].encode())
        assert library.faults() == (), library.faults()[:2]
        shelf, reader = DiskShelf(library), ProbeReader(allowed, self.environ)
        hands = ActionHands(reader, clock, allowed, self.environ)
        async with opened(f"sqlite:///{self.kept}/rollouts.db", clock) as memory:
            await memory.lease.acquire()
            directory = RehearsalDirectory(PEOPLE)
            proposals = Proposals(memory.rollouts, shelf, directory, EnvSheet(), clock)
            gates = Gates(memory.rollouts, memory.timers, shelf, reader, clock)
            effects = Effects(memory.rollouts, shelf, directory, reader, hands, clock, lambda _beat: None)
            plan = shelf.plans()[0]
            self.show(preview(await proposals.preview(plan, "one"), {}))
            self.show(judged(plan.phases[0], await gates.judge_plan(plan, "one")))
            self.show(await proposals.start(plan, "one", PEOPLE["U0ASKS"]))
            for who, guild in APPROVERS.items():
                assert isinstance(await proposals.approve("small-1", "one", guild, "", PEOPLE[who]), Change)
            self.show(await proposals.start(plan, "one", PEOPLE["U0RUNS"]))
            await self._carried(memory, effects, Rollbacks(memory.rollouts, gates, clock))
            await self._read(gates)
            await self._collect(memory)
            self.show(reader, hands, library.faults(), await memory.rollouts.load("small-1"))
            return of_folder(self.kept)

    async def _carried(self, memory, effects, rollbacks):
        """Through all steps; whoever holds is attested by hand, so that the next comes too."""
        for _ in range(40):
            while await effects.advance("small-1"):
                pass
            seen = await memory.rollouts.load("small-1")
            run = seen.rollout.run("one")
            self.show(seen)
            if run.hold is None:
                assert run.state is State.SOAKING
                return
            held = next(each for each in seen.intents if each.id == run.hold.step)
            self.show(await rollbacks.by_hand("small-1", "one", held.id, "it is done", PEOPLE["U0OPS1"]))
        raise AssertionError("it does not come to its end")

    async def _read(self, gates):
        """Every gate, as somebody who asks for it has it read."""
        asked = Timer("read-now", TimerKind.READ_NOW, gates.clock.now(), "small-1", "one", 1, "U0ASKS")
        await gates.read_now(asked)

    async def _collect(self, memory):
        """Everything that would be said in Slack, as it would be drawn."""
        seen = await memory.rollouts.load("small-1")
        self.show(card(seen, RehearsalClock().now(), {}), request(seen, "one", {}, {}))
        for row in await memory.outbox.waiting(limit=500):
            if row.post.topic not in {"request", "card"}:
                self.show(note(row.post, seen, {}))
        self.show(*[repr(each) for each in await memory.ledger.entries("rollout/small-1")])


@pytest.fixture
async def address():
    """Where a system that repeats everything can be asked."""
    async with AsyncExitStack() as ends:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", echo)
        runner = web.AppRunner(app, shutdown_timeout=0.05)
        await runner.setup()
        ends.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
def logged():
    """Everything that is logged at the most talkative level, without the help of the log's own masking."""
    out = io.StringIO()
    log_to_stderr("debug", style="text", secrets=(), stream=out)
    handler = logging.StreamHandler(out)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)
    logging.basicConfig(level=logging.WARNING, force=True)


def errors_of_settings(secrets, monkeypatch):
    """What the bot says of its own settings, sound and unsound."""
    given = {
        "SLACK_BOT_TOKEN": secrets["slack-token"],
        "SLACK_APP_TOKEN": secrets["slack-token"],
        "SLACK_SIGNING_SECRET": secrets["signing-secret"],
        "ROLLOUT_DIGEST_KEY": secrets["digest-key"] * 2,
        "ROLLOUT_LOG_FORMAT": "text",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    told = [repr(Settings.read()), str(Settings.read().model_dump())]
    for name, value in (
        ("ROLLOUT_HTTP_PORT", secrets["signing-secret"]),
        ("ROLLOUT_HTTP_PORT", "0"),
        ("ROLLOUT_LOG_FORMAT", secrets["slack-token"]),
        ("ROLLOUT_DIGEST_KEY", secrets["digest-key"][:10]),
    ):
        with monkeypatch.context() as once:
            once.setenv(name, value)
            try:
                told.append(repr(Settings.read()))
            except SettingsFault as fault:
                told.append(str(fault))
    return told


@counted(50)
async def test_no_planted_secret_is_kept_logged_or_shown(
    tmp_path, address, logged, monkeypatch, cases, record_property
):
    thrown, leaks, places = dice(), [], 0
    for number in range(-(-cases // len(SLOTS))):
        secrets = planted(thrown.random)
        trial = Trial(tmp_path / str(number), secrets, address)
        where = await trial.run()
        where["log"] = logged.getvalue().encode()
        where |= {f"shown {at}": text.encode() for at, text in enumerate(trial.shown)}
        where["settings"] = "\n".join(errors_of_settings(secrets, monkeypatch)).encode()
        places += len(where)
        leaks += [(slot, name, secrets[slot]) for slot, name in found(secrets, where)]
    assert not leaks, f"seed {thrown.seed}: {leaks[:6]} and {len(leaks)} in all"
    number = -(-cases // len(SLOTS)) * len(SLOTS)
    record_property("figure", f"{number} planted secrets, looked for in {places} places: 0 found; seed {thrown.seed}")


async def test_without_the_masks_the_same_systems_give_them_away(tmp_path, address, monkeypatch):
    """The control: the systems and commands of the test do say the secrets, in every way that is masked."""
    monkeypatch.setattr("bot.probes.reader.without", lambda text, _hidden: text)
    monkeypatch.setattr("bot.reach.subprocesses.written_forms", lambda _text: iter(()))
    secrets = planted(dice().random)
    where = await Trial(tmp_path / "control", secrets, address).run()
    assert {slot for slot, _ in found(secrets, where)} >= {"command", "probe", "service-url", "metrics-url"}


async def test_a_secret_that_is_said_aloud_is_found(tmp_path, address):
    """The control: what a person types as a reason is kept and shown, and the same search finds it there."""
    secrets = planted(dice().random)
    trial = Trial(tmp_path / "control", secrets, address)
    path = tmp_path / "control/plans/small.yml"
    path.write_text(path.read_text().replace("title: One", f"title: {json.dumps(secrets['probe'])}"))
    where = await trial.run()
    assert ("probe", "rollouts.db") in found(secrets, where) or ("probe", "rollouts.db-wal") in found(secrets, where)


@pytest.mark.parametrize(
    ("instead", "of"),
    [
        ("argv: [tools/leak.py, --password=SECRET]", "argv: [tools/leak.py, ok], secrets: [TELL_TOKEN]"),
        ("argv: [tools/leak.py, --token, SECRET]", "argv: [tools/leak.py, ok], secrets: [TELL_TOKEN]"),
        ("argv: [tools/leak.py, ok], env: {API_TOKEN: SECRET}", "argv: [tools/leak.py, ok], secrets: [TELL_TOKEN]"),
        ("sets: {DB_PASSWORD: SECRET}", 'sets: {ENABLED: "true"}'),
        ("path: /refused, body: {api_key: SECRET}", "path: /refused"),
    ],
)
def test_a_secret_written_into_a_plan_is_refused_and_not_repeated(tmp_path, instead, of):
    secret = "hunter2-In-Clear-9"
    text = plan_with((PROBES[3], PROBES[9])).replace(of, instead.replace("SECRET", secret), 1)
    (tmp_path / "small.yml").write_text(text)
    with pytest.raises(PlanError) as refused:
        load(tmp_path / "small.yml", tmp_path)
    assert "secret" in str(refused.value)
    assert secret not in str(refused.value)


def test_a_secret_written_into_an_env_file_is_refused_and_not_kept(tmp_path):
    secret = "hunter2-In-Clear-9"
    text = plan_with((PROBES[3], PROBES[9])).replace(', sets: {ENABLED: "true"}', "")
    (tmp_path / "small.yml").write_text(text.replace("    objective:", "    env: one.env\n    objective:"))
    (tmp_path / "one.env").write_text("ENABLED=true\n")
    names = ("APP_URL", "METRICS_URL", "APP_ENV", "TELL_TOKEN", "DEPLOY_TOKEN")
    library = PlanLibrary(tmp_path, tmp_path, dict.fromkeys(names, "http://x"), b"k")
    assert library.faults() == ()
    plan = DiskShelf(library).plans()[0]
    assert DiskShelf(library).resolve(plan, "one")
    for line in (f"DB_PASSWORD={secret}", f"DATABASE_URL=postgres://u:{secret}@h/d", f"API_TOKEN='{secret}'"):
        (tmp_path / "one.env").write_text(f"ENABLED=true\n{line}\n")
        with pytest.raises(Unresolvable) as refused:
            DiskShelf(library).resolve(plan, "one")
        assert "holds a secret in clear" in str(refused.value)
        assert secret not in str(refused.value)
    (tmp_path / "one.env").write_text("ENABLED=true\nDB_PASSWORD=${DB_PASSWORD}\nTOKEN_LIMIT=4096\n")
    assert DiskShelf(library).resolve(plan, "one")
