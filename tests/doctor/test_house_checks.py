"""What the doctor says of this host: the database, the systems of a plan, and a report that keeps secrets."""

import asyncio
import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from bot.doctor import database, sources, systems, variables
from bot.doctor.examining import checks_of, examine, stands
from bot.doctor.findings import Check, Finding, State, fail, ok
from bot.doctor.house import enter
from bot.doctor.slack import NoAnswer, Slack
from bot.doctor.telling import as_json, lines
from bot.plans.loader import load_text
from tests.plans.conftest import ROOT


@pytest.fixture
async def served():
    """A server of one's own making on a free port."""
    runners = []

    async def start(handler):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


def states(findings):
    return [(each.check, each.state) for each in findings]


async def test_a_database_that_is_not_there_yet_is_not_made(house, tmp_path):
    home = house()
    assert states(await database.books(home)) == [("database", State.OK)]
    assert not (tmp_path / "rollout.db").exists()


async def test_a_database_in_order_tells_of_its_ledger(house, tmp_path):
    (tmp_path / "rollout.db").touch()
    assert states(await database.books(house())) == [("database", State.OK), ("ledger", State.OK)]


@pytest.mark.parametrize(
    ("books", "check", "state", "says"),
    [
        ({"trouble": "cannot be read", "remedy": "Do this."}, "database", State.FAIL, "cannot be read"),
        ({"behind": ("0002",)}, "database", State.WARN, "lacks 0002"),
        ({"triggers": "triggers are missing: x"}, "ledger", State.FAIL, "triggers are missing"),
        ({"broken": ("rollout/a, record 3: a record is missing",)}, "ledger", State.FAIL, "record 3"),
    ],
)
async def test_what_is_wrong_with_the_database_is_told(house, tmp_path, books, check, state, says):
    (tmp_path / "rollout.db").touch()
    found = [each for each in await database.books(house(books=books)) if each.state is not State.OK]
    assert states(found) == [(check, state)]
    assert says in found[0].found
    assert found[0].remedy


async def test_a_database_server_whose_clock_is_off_is_told(house):
    home = house(DATABASE_URL="postgresql://rollout:sesame-open@db.internal/rollout")
    now = home.slack.clock.real() - timedelta(minutes=10)
    home = house(books={"now": now}, DATABASE_URL="postgresql://rollout:sesame-open@db.internal/rollout")
    findings = await examine(home, [Check("database", lambda: database.books(home))])
    assert states(findings)[-1] == ("database clock", State.FAIL)
    assert "600 s ahead of the database's clock" in findings[-1].found
    assert "postgresql at db.internal/rollout" in findings[0].found
    assert states(await database.disk(home)) == [("disk", State.SKIPPED)]


async def test_what_hangs_is_told_as_such_and_holds_up_nobody(house):
    async def hang():
        await asyncio.Event().wait()

    async def well():
        return ok("other", "fine")

    async def broken():
        raise ZeroDivisionError

    findings = await examine(house(), [Check("hanging", hang, 0.05), Check("broken", broken), Check("other", well)])
    assert states(findings) == [("hanging", State.FAIL), ("broken", State.FAIL), ("other", State.OK)]
    assert findings[0].found == "hangs: no answer within 0.05 s"
    assert "ZeroDivisionError" in findings[1].found
    assert not stands(findings)


async def test_no_secret_comes_through_whoever_says_it(house):
    home = house(DATABASE_URL="postgresql://rollout:sesame-open@db/rollout", CODEX_URL="http://u:open-sesame@h")

    async def loose():
        told = " ".join([*home.environ.values(), "sesame-open", "open-sesame"])
        return fail("loose", told, told)

    (found,) = await examine(home, [Check("loose", loose)])
    for secret in ("xoxb-secret", "xapp-secret", "k" * 32, "sesame-open", "open-sesame"):
        assert secret not in found.found + found.remedy


def test_the_report_shows_one_line_for_each_finding_whatever_it_says():
    findings = [
        Finding("a", State.OK, "fine"),
        Finding("b", State.FAIL, "x\n\x1b[31mok       c  fine", "Do\u2028this."),
    ]
    told = list(lines(findings))
    assert len(told) == 4
    assert all(line.isprintable() for line in told)
    assert told[-1] == "2 findings: 1 ok, 0 warn, 1 FAIL, 0 skipped"
    assert json.loads(as_json(findings))["ok"] is False


async def test_a_service_that_answers_with_errors_hangs_or_is_away_is_told(house, plan, served):
    async def sick(_request):
        return web.Response(status=503)

    home = house(CODEX_DOCS_URL=await served(sick))
    assert states(await systems.system(home, plan, "docs")) == [("system docs of gitguard", State.WARN)]
    away = house(CODEX_DOCS_URL="http://127.0.0.1:9")
    (found,) = await systems.system(away, plan, "docs")
    assert (found.state, "CODEX_DOCS_URL" in found.remedy) == (State.FAIL, True)
    assert states(await systems.system(house(), plan, "docs")) == [("system docs of gitguard", State.SKIPPED)]

    async def hang(_request):
        await asyncio.Event().wait()

    home = house(CODEX_DOCS_URL=await served(hang))
    check = next(each for each in checks_of(home) if each.name == "system docs of gitguard")
    (found,) = await examine(home, [replace(check, limit=0.2)])
    assert found.found == "hangs: no answer within 0.2 s"


async def test_what_is_no_prometheus_is_told(house, plan, served):
    async def page(_request):
        return web.Response(text="<html>welcome</html>", content_type="text/html")

    (found,) = await systems.system(house(PROMETHEUS_URL=await served(page)), plan, "metrics")
    assert found.state is State.FAIL
    assert "PROMETHEUS_URL" in found.remedy


async def test_a_metric_that_the_target_lacks_is_told_by_gate(house, text, served):
    async def empty(_request):
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": []}})

    plan = load_text(text, "gitguard.yml")
    env = dict.fromkeys(("CODEX_URL", "CODEX_GRAPH_URL", "CODEX_DOCS_URL"), "http://127.0.0.1:9")
    home = house(PROMETHEUS_URL=await served(empty), CODEX_NATS_URL="nats://x:1", CODEX_ENV_FILE="/nowhere", **env)
    findings = await sources.sources(home, plan)
    told = [each.found for each in findings if "no series" in each.found]
    assert any("canary/error-rate" in each for each in told)
    assert all(each.state is State.WARN and each.remedy for each in findings[1:])


@pytest.mark.parametrize(
    ("line", "state", "says"),
    [
        (b'INFO {"version":"2.11.0","jetstream":true}\r\n', State.OK, "2.11.0 with JetStream"),
        (b'INFO {"version":"2.11.0"}\r\n', State.FAIL, "without JetStream"),
        (b"HTTP/1.1 400 Bad Request\r\n", State.FAIL, "no NATS server"),
        (b"", State.FAIL, "no NATS server"),
    ],
)
async def test_a_nats_server_is_known_by_its_first_line(house, plan, line, state, says):
    async def greet(_reader, writer):
        writer.write(line)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (found,) = await systems.system(house(CODEX_NATS_URL=f"nats://u:p@127.0.0.1:{port}"), plan, "events")
    server.close()
    assert found.state is state
    assert says in found.found


async def test_an_env_file_that_cannot_be_replaced_is_told(house, plan, tmp_path, served):
    async def well(_request):
        return web.Response(text="ok")

    link = tmp_path / "link.env"
    link.symlink_to(tmp_path / "real.env")
    for path, says in ((tmp_path / "none.env", "does not exist"), (link, "symbolic link"), (tmp_path, "regular file")):
        home = house(CODEX_URL=await served(well), CODEX_ENV_FILE=str(path))
        found = (await systems.system(home, plan, "codex"))[-1]
        assert found.state is State.FAIL
        assert says in found.found
        assert "CODEX_ENV_FILE" in found.remedy


async def test_an_executable_that_may_not_run_is_told_by_name(house, plan):
    findings = await systems.commands(house(ROLLOUT_EXECUTABLES="kubectl"), plan)
    assert {each.remedy.split("'")[1] for each in findings} == {"docker", "systemctl"}
    assert all(each.state is State.FAIL for each in findings)


async def test_variables_that_are_missing_are_named_once(house, plan):
    findings = await systems.variables(house(), plan)
    told = [each.found for each in findings if each.state is State.FAIL]
    assert len(told) == len(set(told))
    for name in ("CODEX_URL", "PROMETHEUS_URL", "CODEX_ENV_FILE"):
        assert any(name in each for each in told), name


async def test_a_plan_that_cannot_be_read_is_a_failure_beside_the_sound_ones(text, tmp_path):
    (tmp_path / "broken.yml").write_text(text.replace("run_by:", "runby:", 1))
    files = (ROOT / "plans" / "gitguard.yml", tmp_path / "broken.yml")
    home = enter({"ROLLOUT_ROOT": str(ROOT)}, None, files)
    findings = await variables.plans(home)
    assert states(findings) == [("plan broken.yml", State.FAIL), ("plans", State.OK)]
    assert "run_by" in findings[0].found
    assert enter({"ROLLOUT_PLANS": str(tmp_path / "none")}, None).faults


async def test_an_answer_that_is_not_slacks_is_told_and_no_redirect_is_followed(served):
    async def page(_request):
        return web.Response(text="<html>sign in</html>")

    async def away(_request):
        raise web.HTTPFound("http://127.0.0.1:9/")

    for handler in (page, away):
        with pytest.raises(NoAnswer) as no:
            await Slack(await served(handler), "xoxb-secret").ask("auth.test")
        assert "xoxb" not in str(no.value)


async def test_slacks_header_tells_its_scopes_and_its_time(served):
    async def answer(request):
        assert request.headers["Authorization"] == "Bearer xoxb-1"
        headers = {"X-OAuth-Scopes": "commands, chat:write", "Date": "Mon, 01 Jan 2024 00:00:00 GMT"}
        return web.json_response({"ok": False, "error": "invalid_auth"}, headers=headers)

    told = await Slack(await served(answer), "xoxb-1").ask("auth.test")
    assert told.scopes == {"commands", "chat:write"}
    assert told.ahead is not None
    assert told.ahead > timedelta(days=365)


def test_the_disk_is_measured_where_the_database_lies(house, tmp_path):
    (found,) = asyncio.run(database.disk(house()))
    assert str(tmp_path) in found.found
    free = os.statvfs(tmp_path)
    assert abs(int(found.found.split()[0]) - free.f_bavail * free.f_frsize // 2**20) < 2048
