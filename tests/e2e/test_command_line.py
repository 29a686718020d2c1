"""The command line as a person types it, as a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.e2e.town import ROOT


def rollout(*arguments, **env):
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "ROLLOUT_"))}
    argv = [sys.executable, "-m", "bot", *map(str, arguments)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, env={**keep, **env}, timeout=60)


def test_a_rehearsal_walks_the_plan_and_stops_where_a_part_is_not_there_yet():
    walked = rollout("rehearse", "plans/gitguard.yml")
    assert walked.returncode == 0, walked.stderr
    assert walked.stdout.count("  promoted") == 2
    assert "attested, not measured: policy-framework" in walked.stdout
    assert "awaiting gate: production is not available yet" in walked.stdout


@pytest.mark.parametrize("gate", ["error-rate", "latency"])
def test_a_rehearsal_shows_the_way_back(gate):
    walked = rollout("rehearse", "plans/gitguard.yml", "--fail", f"canary/{gate}")
    assert walked.returncode == 0, walked.stderr
    assert "by hand: Replay what is missing [replay]" in walked.stdout
    assert f"rolled back: {gate} failed" in walked.stdout


def test_a_rehearsal_of_an_unknown_gate_names_the_known_ones():
    walked = rollout("rehearse", "plans/gitguard.yml", "--fail", "canary/eror-rate")
    assert walked.returncode == 1
    assert "error-rate" in walked.stdout


def test_lint_names_the_place_of_a_fault(tmp_path):
    text = (ROOT / "plans" / "gitguard.yml").read_text()
    line = text[: text.index("run_by:")].count("\n") + 1
    broken = tmp_path / "broken.yml"
    broken.write_text(text.replace("run_by:", "runby:", 1))
    linted = rollout("lint", broken, "--root", ROOT)
    assert linted.returncode == 1
    assert f"{line}:1: unknown key 'runby'" in linted.stderr
    assert "did you mean 'run_by'?" in linted.stderr


def test_a_start_without_its_variables_names_each_of_them(tmp_path):
    started = rollout("run", DATABASE_URL=f"sqlite:///{tmp_path}/x.db")
    assert started.returncode == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ROLLOUT_DIGEST_KEY"):
        assert f"{name} is not set" in started.stderr
    assert "Traceback" not in started.stderr


def test_a_placeholder_is_not_a_token(tmp_path):
    env = {"SLACK_BOT_TOKEN": "xoxb-...", "SLACK_APP_TOKEN": "xapp-1", "ROLLOUT_DIGEST_KEY": "0123456789abcdef"}
    started = rollout("run", **env)
    assert started.returncode == 2
    assert "SLACK_BOT_TOKEN holds a placeholder" in started.stderr
