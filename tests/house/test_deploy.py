"""What is shipped for operators is true: units and compose files parse, and every variable they name exists."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.__main__ import app
from bot.meters import Meters
from bot.rehearsal.clock import RehearsalClock
from bot.settings import Settings
from tests.house.source import ROOT, modules

DEPLOY = ROOT / "deploy"
NAME = re.compile(r"\b(?:ROLLOUT|SLACK)_[A-Z_]+\b|\bDATABASE_URL\b")
# For the sandbox and for tests of crashes, and said to be so.
INNER = {"SLACK_API_URL", "ROLLOUT_CLOCK_URL", "ROLLOUT_KILL_AT"}
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def known():
    """Every variable of the bot's own: the settings', and those that other rooms read by name."""
    fields = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    asked = {
        node.value
        for module in modules("bot")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
    }
    return fields | {name for name in asked if name.startswith("ROLLOUT_")}


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_variable_that_is_shipped_exists(path):
    assert set(NAME.findall(path.read_text(encoding="utf-8"))) <= known()


def test_the_settings_table_has_every_variable_and_no_other():
    section = OPERATING.split("## Settings")[1].split("\n## ")[0]
    rows = set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))
    assert rows == known() - INNER - {"ROLLOUT_EFFECT_KEY"}


def test_the_env_example_sets_only_what_is_known_and_holds_no_secret():
    for line in (DEPLOY / "rollout.env.example").read_text(encoding="utf-8").splitlines():
        name, equals, value = line.removeprefix("#").partition("=")
        if equals and re.fullmatch(r"[A-Z_]+", name):
            assert "TOKEN" not in name or not value
            assert "KEY" not in name or not value


def test_the_compose_file_runs_a_bot_and_a_standby_without_privileges():
    compose = YAML(typ="safe").load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"database", "bot", "standby"}
    for name in ("bot", "standby"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert set(service["environment"]) <= known()
        assert "ports" not in service


def test_the_dockerfile_copies_what_is_there():
    for line in (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    text = (DEPLOY / "rollout.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/rollout/.venv/bin/rollout run" in text
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is missing")
    here = tmp_path / "rollout.service"
    # What is installed elsewhere cannot be found here; everything else of the unit stays as it is.
    for away, near in (
        ("ExecStart=/opt/rollout/.venv/bin/rollout run", "ExecStart=/bin/true"),
        ("file:/opt", "file:/"),
    ):
        text = text.replace(away, near)
    here.write_text(text, encoding="utf-8")
    said = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, timeout=60)
    ours = [line for line in said.stderr.splitlines() if "rollout.service" in line]
    assert not ours, ours


def test_every_metric_that_is_documented_is_measured():
    meters = Meters(RehearsalClock())
    names = {family.name for family in meters.registry.collect()}
    section = OPERATING.split("## Health, metrics and alerts")[1].split("\n## ")[0]
    told = {name.removesuffix("_total") for name in re.findall(r"`(rollout_[a-z_]+)`", section)}
    assert told == names


def test_every_command_that_is_documented_exists():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    told = set(re.findall(r"`rollout ([a-z]+)", OPERATING + Path(ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    assert told <= commands
    assert commands - told <= {"run", "lint", "rehearse", "manifest"}
