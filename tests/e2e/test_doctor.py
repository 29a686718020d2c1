"""The operators' set-up tools against a real sandbox: what is well, what is wrong by name, and how it is put right."""

import json
import os
import stat
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from bot.__main__ import app
from tests.e2e.town import ROOT, Bot, Town

PLAN = (ROOT / "plans" / "gitguard.yml").read_text()


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def clean():
    return {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "ROLLOUT_"))}


def rollout(*arguments, stdin="", **env):
    """The command line inside this process; the imports of a new one would take longer than what is tested."""
    gone = dict.fromkeys(os.environ.keys() - clean().keys())
    ended = CliRunner().invoke(app, list(map(str, arguments)), input=stdin, env=gone | env)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


def rollout_process(*arguments, **env):
    argv = [sys.executable, "-m", "bot", *map(str, arguments)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, env=clean() | env, timeout=90)


@pytest.fixture(scope="module")
def well():
    running = Town("--no-bot")
    yield running
    running.close()


@pytest.fixture(scope="module")
def ill():
    running = Town(
        "--no-bot", "--without-scope", "pins:write", "--clock-off", "600", "--without-group", "gitguard-devops"
    )
    yield running
    running.close()


def findings(ended):
    assert not ended.stderr, ended.stderr
    return json.loads(ended.stdout)["findings"]


def failed(ended):
    return {each["check"]: each for each in findings(ended) if each["state"] == "FAIL"}


def test_a_healthy_house_passes_and_no_secret_is_printed(well):
    examined = rollout_process("doctor", **well.env)
    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert ", 0 FAIL," in examined.stdout
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ROLLOUT_DIGEST_KEY"):
        assert well.env[name] not in examined.stdout + examined.stderr
    for check in ("bot token", "app token", "scopes", "clock", "channel of gitguard", "quorums of gitguard", "disk"):
        assert any(line.startswith(f"ok       {check} ") for line in examined.stdout.splitlines()), check
    # What this target has only in a later phase, or not at all, is told by the gate that would read it.
    assert "advanced/graph-latency: graph" in examined.stdout


@pytest.mark.endurance
def test_the_doctor_looks_while_the_bot_runs_and_takes_nothing_from_it(well, tmp_path):
    bot = Bot(well, tmp_path / "bot.log")
    try:
        bot.await_connected()
        before = len(well.messages())
        examined = rollout("doctor", "--json", **well.env)
        assert examined.returncode == 0, examined.stdout
        told = {each["check"]: each["found"] for each in findings(examined)}
        assert "migrations current" in told["database"]
        assert "chain holds" in told["ledger"]
        assert not bot.died()
        assert well.get("faults")["sockets"] >= 1
        assert len(well.messages()) == before
        assert "lease.lost" not in (tmp_path / "bot.log").read_text()
    finally:
        bot.stop()


def test_a_missing_scope_an_absent_group_and_a_wrong_clock_are_each_named_with_their_remedy(ill):
    examined = rollout("doctor", "--json", **ill.env)
    assert examined.returncode == 1
    told = failed(examined)
    assert told.keys() == {"scopes", "clock", "guild devops of gitguard"}
    assert told["scopes"]["found"] == "pins:write is missing"
    assert (
        told["scopes"]["remedy"] == "Add pins:write under OAuth & Permissions and reinstall the app to the workspace."
    )
    assert told["clock"]["found"] in {f"this host is {seconds} s ahead of Slack's clock" for seconds in (599, 600, 601)}
    assert "NTP" in told["clock"]["remedy"]
    group = told["guild devops of gitguard"]
    assert group["found"] == "the workspace has no user group @gitguard-devops"
    assert group["remedy"].startswith("Make the user group @gitguard-devops in Slack")


@pytest.mark.endurance
def test_a_scope_that_hides_other_things_is_named_and_they_are_skipped():
    town = Town("--no-bot", "--without-scope", "usergroups:read", "--without-scope", "groups:read")
    try:
        examined = rollout("doctor", "--json", **town.env)
    finally:
        town.close()
    assert examined.returncode == 1
    everything = findings(examined)
    named = {each["found"] for each in everything if each["state"] == "FAIL"}
    assert named == {"usergroups:read is missing", "groups:read is missing"}
    why = {each["check"]: each["found"] for each in everything if each["state"] == "skipped"}
    assert "usergroups:read" in why["guild devops of gitguard"]
    assert "groups:read" in why["channel of gitguard"]


def test_a_wrong_channel_is_named_by_plan_and_channel(well, tmp_path):
    plan = tmp_path / "wrong.yml"
    plan.write_text(PLAN.replace('channel: "#gitguard-rollout"', 'channel: "#gitguard-rolout"'))
    examined = rollout("doctor", "--json", **well.env | {"ROLLOUT_PLANS": str(tmp_path)})
    assert examined.returncode == 1
    told = failed(examined)
    assert list(told) == ["channel of gitguard"]
    assert told["channel of gitguard"]["found"] == "the bot sees no channel #gitguard-rolout"
    assert "did you mean '#gitguard-rollout'?" in told["channel of gitguard"]["remedy"]


def test_a_bare_environment_is_told_by_name_and_quickly():
    began = time.monotonic()
    examined = rollout("doctor", SLACK_API_URL="http://127.0.0.1:9/api/")
    assert examined.returncode == 1
    assert "SLACK_BOT_TOKEN is not set" in examined.stdout
    assert "the variable CODEX_URL is not set" in examined.stdout
    assert "Traceback" not in examined.stdout + examined.stderr
    assert time.monotonic() - began < 20


def test_the_first_set_up_proves_both_tokens_and_writes_for_the_owner_alone(well, tmp_path):
    file = tmp_path / "rollout.env"
    given = f"{well.env['SLACK_BOT_TOKEN']}\n{well.env['SLACK_APP_TOKEN']}\n"
    done = rollout("init", "--file", file, stdin=given, SLACK_API_URL=well.env["SLACK_API_URL"])
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert written["SLACK_BOT_TOKEN"] == well.env["SLACK_BOT_TOKEN"]
    assert written["SLACK_APP_TOKEN"] == well.env["SLACK_APP_TOKEN"]
    assert len(written["ROLLOUT_DIGEST_KEY"]) == 64
    assert not any(value in done.stdout + done.stderr for value in written.values())
    again = rollout("init", "--file", file, stdin=given, SLACK_API_URL=well.env["SLACK_API_URL"])
    assert again.returncode == 1
    assert "--force" in again.stderr
    assert dict(line.split("=", 1) for line in file.read_text().splitlines()) == written
    forced = rollout("init", "--file", file, "--force", stdin=given, SLACK_API_URL=well.env["SLACK_API_URL"])
    assert forced.returncode == 0
    assert written["ROLLOUT_DIGEST_KEY"] not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["rollout.env"]
    assert rollout("doctor", "--json", **well.env | written).returncode == 0


@pytest.mark.parametrize(
    ("bot", "app", "says"),
    [
        ("xoxb-wrong", "good", "SLACK_BOT_TOKEN: Slack refuses it: invalid_auth"),
        ("app", "good", "SLACK_BOT_TOKEN: it is an app-level token"),
        ("good", "xapp-wrong", "SLACK_APP_TOKEN: Slack refuses it: invalid_auth"),
        ("good", "bot", "SLACK_APP_TOKEN: it is a token of the workspace"),
        ("", "good", "SLACK_BOT_TOKEN: nothing was given"),
    ],
)
def test_a_bad_token_is_named_and_nothing_is_written(well, tmp_path, bot, app, says):
    tokens = {"bot": well.env["SLACK_BOT_TOKEN"], "app": well.env["SLACK_APP_TOKEN"]}
    first = {"good": tokens["bot"], "app": tokens["app"]}.get(bot, bot)
    second = {"good": tokens["app"], "bot": tokens["bot"]}.get(app, app)
    done = rollout(
        "init", "--file", tmp_path / "x.env", stdin=f"{first}\n{second}\n", SLACK_API_URL=well.env["SLACK_API_URL"]
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert not any(token and token in done.stdout + done.stderr for token in (first, second))
    assert not list(tmp_path.iterdir())


def test_the_set_up_for_http_asks_for_the_signing_secret(well, tmp_path):
    file, secret = tmp_path / "http.env", "0123456789abcdef0123456789abcdef"
    for given, code in (
        (f"{well.env['SLACK_BOT_TOKEN']}\nshort\n", 1),
        (f"{well.env['SLACK_BOT_TOKEN']}\n{secret}\n", 0),
    ):
        done = rollout("init", "--http", "--file", file, stdin=given, SLACK_API_URL=well.env["SLACK_API_URL"])
        assert done.returncode == code, done.stderr
        assert file.exists() == (code == 0)
    assert f"SLACK_SIGNING_SECRET={secret}" in file.read_text()
    assert "SLACK_APP_TOKEN" not in file.read_text()


def test_the_manifests_link_holds_the_manifest():
    kept = YAML(typ="safe").load((ROOT / "app-manifest.yml").read_text())
    assert YAML(typ="safe").load(rollout("manifest").stdout) == kept
    address = urllib.parse.urlsplit(rollout("manifest", "--link").stdout.strip())
    assert (address.scheme, address.netloc, address.path) == ("https", "api.slack.com", "/apps")
    query = urllib.parse.parse_qs(address.query, strict_parsing=True)
    assert query["new_app"] == ["1"]
    assert YAML(typ="safe").load(query["manifest_yaml"][0]) == kept


def test_the_manifest_for_http_names_the_request_url_everywhere_and_no_socket():
    turned = YAML(typ="safe").load(rollout("manifest", "--http", "https://bot.example.com").stdout)
    assert turned["settings"]["socket_mode_enabled"] is False
    where = "https://bot.example.com/slack/events"
    assert turned["settings"]["interactivity"]["request_url"] == where
    assert turned["settings"]["event_subscriptions"]["request_url"] == where
    assert [each["url"] for each in turned["features"]["slash_commands"]] == [where]
    refused = rollout("manifest", "--http", "http://bot.example.com")
    assert refused.returncode == 1
    assert "https" in refused.stderr
