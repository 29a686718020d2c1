"""The org-brain runs with what it was started with, and its counters say exactly what it did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox.systems.gitguard import GitGuardTargets
from sandbox.systems.org_brain import OrgBrain, StartFailedError
from sandbox.systems.scraper import Scraper
from sandbox.targets import TargetRefused


def _events(brain: OrgBrain, status: str) -> float:
    assert brain.run is not None
    kinds = ("pull_request", "release")
    return sum(brain.run.workload.meters.value("codex_events_processed", kind, status) for kind in kinds)


def _published(brain: OrgBrain) -> float:
    assert brain.run is not None
    return brain.run.workload.meters.value("temporal_activity_executions", "publish_portal", "completed")


async def test_a_written_file_changes_nothing_until_the_restart(brain: OrgBrain, canary_env: str) -> None:
    brain.env_file.write_text(canary_env, "utf-8")
    before = dict(brain.reported)
    await brain.restart(None)

    assert before["CODEX_PUBLISH_PORTAL"] == "build-only"
    assert "MERMAID_GRAPHS_ENABLED" not in before
    assert brain.reported["CODEX_PUBLISH_PORTAL"] == "external"
    assert "${CODEX_CANARY_DB_PASSWORD}" in brain.reported["DATABASE_URL"]


@pytest.mark.parametrize(
    "off", ["CODEX_PUBLISH_ENABLED=true", "CODEX_PUBLISH_PORTAL=external", "DOCS_PUBLISH_ENABLED=true"]
)
async def test_publishing_outside_needs_all_three_flags(brain: OrgBrain, canary_env: str, off: str) -> None:
    brain.env_file.write_text(canary_env.replace(off, f"{off.split('=', maxsplit=1)[0]}=false"), "utf-8")
    await brain.restart(None)
    brain.process("gitguard/api-gateway", "release", 100)

    assert _events(brain, "ok") > 0
    assert _published(brain) == 0
    assert not brain.portal.published


async def test_publishing_outside_counts_the_activity_and_moves_the_portal(
    brain: OrgBrain, canary_env: str, hand_clock: Any
) -> None:
    brain.env_file.write_text(canary_env, "utf-8")
    await brain.restart(None)
    hand_clock.move(60)
    brain.process("gitguard/api-gateway", "release", 1000)

    assert _published(brain) == 996
    assert brain.portal.built_at == hand_clock.now()
    assert 'class="mermaid"' in brain.portal.page()
    assert "policies/release_window.rego:12" in brain.portal.page()


async def test_repositories_outside_the_include_list_are_passed_over(brain: OrgBrain, canary_env: str) -> None:
    brain.env_file.write_text(canary_env, "utf-8")
    await brain.restart(None)
    brain.process("gitguard/billing-engine", "release", 100)
    seen = _events(brain, "ok")
    brain.process("gitguard/api-gateway", "release", 100)

    assert seen == 0
    assert _events(brain, "ok") == 100


@pytest.mark.parametrize("rate", [0.0, 0.004, 0.05, 1 / 3, 1.0])
async def test_exactly_the_asked_share_of_events_goes_wrong(brain: OrgBrain, rate: float) -> None:
    await brain.turn(brain.knobs.turned({"error_rate": rate}))
    for _ in range(3000):
        brain.process("gitguard/api-gateway", "release", 1)

    assert _events(brain, "error") == pytest.approx(3000 * rate, abs=1e-6)
    assert _events(brain, "ok") + _events(brain, "error") == 3000


async def test_parts_of_events_add_up_to_whole_ones(brain: OrgBrain) -> None:
    for _ in range(10):
        brain.process("gitguard/api-gateway", "release", 0.1)

    assert _events(brain, "ok") == 1


async def test_the_metrics_are_valid_and_carry_the_names_of_the_real_target(brain: OrgBrain) -> None:
    brain.process("gitguard/api-gateway", "release", 7)
    assert brain.run is not None
    families = {
        family.name: family for family in text_string_to_metric_families(brain.run.workload.meters.text().decode())
    }

    assert set(families) == {
        "codex_events_processed",
        "codex_docs_generated",
        "codex_graph_updates",
        "codex_docs_freshness_seconds",
        "guard_api_requests",
        "guard_api_request_duration_seconds",
        "temporal_activity_executions",
        "temporal_workflow_executions",
        "process_start_time_seconds",
    }
    labels = set(families["guard_api_requests"].samples[0].labels)
    assert labels == {"method", "endpoint", "status_code"}
    freshness = families["codex_docs_freshness_seconds"].samples
    assert [s.labels["le"] for s in freshness if s.name.endswith("_bucket")] == [
        *("1.0", "3.0", "5.0", "10.0", "30.0", "60.0", "180.0", "300.0", "600.0"),
        "+Inf",
    ]
    assert next(s.value for s in freshness if s.name.endswith("_count")) == 7


async def test_a_restart_counts_from_zero_and_has_a_new_start_time(brain: OrgBrain, hand_clock: Any) -> None:
    brain.process("gitguard/api-gateway", "release", 100)
    assert brain.run is not None
    before = brain.run.workload.meters.started_at
    hand_clock.move(10)
    await brain.restart("key-1")

    assert _events(brain, "ok") == 0
    assert brain.run.workload.meters.started_at == hand_clock.now().timestamp() > before
    assert [(e.kind, e.key, e.at) for e in brain.effects] == [("restart", "key-1", hand_clock.now())]


async def test_a_missing_env_file_keeps_it_down_and_says_why(brain: OrgBrain) -> None:
    brain.env_file.unlink()

    with pytest.raises(StartFailedError, match=r"codex\.env cannot be read"):
        await brain.restart(None)
    assert not brain.running


async def test_a_deploy_runs_that_version_with_the_file_as_it_is_now(brain: OrgBrain, canary_env: str) -> None:
    brain.env_file.write_text(canary_env, "utf-8")
    await brain.deploy("1.5.0", "d1")

    assert brain.describe()["version"] == "1.5.0"
    assert brain.reported["CODEX_PUBLISH_ENABLED"] == "true"
    assert brain.effects[0].kind == "deploy"


def _scraper(brain: OrgBrain) -> Scraper:
    return Scraper(brain, monotonic=lambda: 0.0)


@pytest.fixture
def rate_now(brain: OrgBrain, hand_clock: Any) -> Callable[[Scraper], float]:
    def rate(scraper: Scraper) -> float:
        scraper.catch_up()
        now = hand_clock.now().timestamp()
        windows = [s.window(now - 300, now) for _, s in scraper.history.named("codex_events_processed_total", bool)]
        return sum((points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0]) for points in windows)

    return rate


async def test_a_jump_of_a_day_is_lived_through(
    brain: OrgBrain, hand_clock: Any, rate_now: Callable[[Scraper], float]
) -> None:
    scraper = _scraper(brain)
    at_start = rate_now(scraper)
    hand_clock.move(24 * 3600)

    assert at_start == pytest.approx(60, rel=0.01)
    assert rate_now(scraper) == pytest.approx(60, rel=0.01)


async def test_nothing_is_lived_through_while_it_is_stopped(brain: OrgBrain, hand_clock: Any) -> None:
    scraper = _scraper(brain)
    await brain.stop(None)
    hand_clock.move(3600)
    scraper.catch_up()
    up = [samples.latest(hand_clock.now().timestamp()) for _, samples in scraper.history.named("up", bool)]
    now = hand_clock.now().timestamp()
    seen = [s.window(now - 300, now) for _, s in scraper.history.named("codex_events_processed_total", bool)]

    assert up == [0.0]
    assert all(points == [] for points in seen)


BAD_KNOBS = [
    {"error_rate": 2},
    {"error_rate": True},
    {"error_rate": "0.1"},
    {"latency_ms": -1},
    {"down": 1},
    {"wrong_flags": "X"},
    {"nobody": 1},
]


@pytest.mark.parametrize("given", BAD_KNOBS)
async def test_a_bad_knob_is_refused_and_changes_nothing(brain: OrgBrain, given: dict[str, object]) -> None:
    targets = GitGuardTargets(brain)
    before = await targets.show("codex")

    with pytest.raises(TargetRefused):
        await targets.turn("codex", given)
    assert await targets.show("codex") == before


async def test_reset_puts_knobs_back_and_forgets_effects_but_no_key(brain: OrgBrain) -> None:
    targets = GitGuardTargets(brain)
    await targets.turn("codex", {"error_rate": 0.5, "wrong_flags": {"X": "1"}})
    brain.probe("once")
    await targets.reset("codex")
    shown = await targets.show("codex")

    assert (shown["error_rate"], shown["effects"], shown["wrong_flags"]) == (0.004, [], {})
    assert not brain.probe("once")
    assert shown["effects"] == []


async def test_an_unknown_system_is_refused(brain: OrgBrain) -> None:
    targets = GitGuardTargets(brain)

    assert targets.systems() == ("codex",)
    with pytest.raises(TargetRefused, match="no system 'mongo'"):
        await targets.show("mongo")


def test_the_env_file_of_the_fixture_is_the_previous_one(brain: OrgBrain, tmp_path: Path) -> None:
    assert brain.env_file == tmp_path / "codex.env"
    assert brain.version == "1.4.0"
