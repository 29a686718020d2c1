"""The systems as a client sees them: health, probe, graph, portal and Prometheus over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

Eventually = Callable[..., Awaitable[None]]


async def _restart(reader: Any, env: str) -> None:
    Path(reader.systems.environment["CODEX_ENV_FILE"]).write_text(env, "utf-8")
    await reader.systems.brain.restart(None)


async def test_health_is_what_the_real_one_answers(reader: Any) -> None:
    answer = await reader.ask("CODEX_URL", "/health")

    assert (answer.status, answer.body) == (200, {"status": "ok", "service": "guard-codex"})


async def test_metrics_are_served_in_prometheus_format(reader: Any) -> None:
    answer = await reader.ask("CODEX_URL", "/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'codex_events_processed_total{event_type="release",status="error"}' in answer.text


async def test_a_repeated_key_has_no_second_effect(reader: Any) -> None:
    key = {"Idempotency-Key": "rollout-1/step-2"}
    unknown = await reader.ask("CODEX_URL", "/codex/probe/rollout-1/step-2")
    first = await reader.ask("CODEX_URL", "/codex/probe", "POST", headers=key)
    again = await reader.ask("CODEX_URL", "/codex/probe", "POST", headers=key)
    known = await reader.ask("CODEX_URL", "/codex/probe/rollout-1/step-2")
    keyless = await reader.ask("CODEX_URL", "/codex/probe", "POST")

    assert (unknown.status, known.status, keyless.status) == (404, 200, 400)
    assert (first.status, first.body, again.status) == (200, {"duplicate": False}, 200)
    assert again.body == {"duplicate": True}
    effects = reader.systems.brain.describe()["effects"]
    assert [(e["kind"], e["key"]) for e in effects] == [("http", "rollout-1/step-2")]


async def test_the_graph_api_is_404_until_its_flag_is_on(reader: Any) -> None:
    before = await reader.ask("CODEX_GRAPH_URL", "/graph/pr/123")
    await _restart(reader, "GRAPH_API_ENABLED=true\n")
    origin = {"Origin": "https://example.org"}
    known = await reader.ask("CODEX_GRAPH_URL", "/graph/pr/123", headers=origin)
    unknown = await reader.ask("CODEX_GRAPH_URL", "/graph/pr/999")
    elsewhere = await reader.ask("CODEX_GRAPH_URL", "/graph/health")
    asked = await reader.ask("CODEX_GRAPH_URL", "/graph/pr/123", "OPTIONS", headers=origin)

    assert (before.status, elsewhere.status) == (404, 404)
    assert {edge["rel"] for edge in known.body["edges"]} == {"touches", "governed_by"}
    assert any(node["nkey"].startswith("policy:") for node in known.body["nodes"])
    assert (unknown.status, unknown.body) == (200, {"nodes": [], "edges": []})
    assert known.headers["Access-Control-Allow-Origin"] == "*"
    assert asked.headers["Access-Control-Allow-Methods"] == "GET"
    assert reader.systems.brain.describe()["graph_api"] is True


async def test_the_portal_moves_only_while_it_is_published(
    reader: Any, canary_env: str, eventually: Eventually
) -> None:
    async def last_modified() -> datetime:
        return parsedate_to_datetime((await reader.ask("CODEX_DOCS_URL", "/")).headers["Last-Modified"])

    async def has_page() -> bool:
        return bool((await reader.ask("CODEX_DOCS_URL", "/pr/123")).status == 200)

    assert not await has_page()
    first = await last_modified()
    await _restart(reader, canary_env)
    await eventually(has_page)
    page = await reader.ask("CODEX_DOCS_URL", "/pr/123")
    published = await last_modified()

    async def moved() -> bool:
        return await last_modified() > published

    assert published != first
    assert "```mermaid" in page.text
    assert 'class="mermaid"' in page.text
    assert "Policy source" in page.text
    await eventually(moved)
    await _restart(reader, canary_env.replace("PORTAL=external", "PORTAL=build-only"))
    stopped = await last_modified()
    processed = await reader.value("sum(codex_events_processed_total)")

    async def works_on() -> bool:
        return bool(await reader.value("sum(codex_events_processed_total)") > processed + 600)

    await eventually(works_on)
    assert await last_modified() == stopped
    assert await has_page()


async def test_prometheus_answers_the_shipped_queries(reader: Any) -> None:
    share = 'sum(rate(codex_events_processed_total{status="error"}[5m])) / sum(rate(codex_events_processed_total[5m]))'
    slow = "histogram_quantile(0.95, sum by (le) (rate(guard_api_request_duration_seconds_bucket[5m])))"
    fresh = "histogram_quantile(0.99, sum by (le) (rate(codex_docs_freshness_seconds_bucket[5m])))"

    assert await reader.value(share) == pytest.approx(0.004, rel=0.1)
    assert await reader.value(slow) == pytest.approx(0.2425)
    assert await reader.value(fresh) == pytest.approx(2.98)
    assert await reader.value("up") == 1
    assert await reader.value('sum(increase(temporal_activity_executions_total{activity="publish_portal"}[1h]))') == 0
    assert await reader.query("codex_events_total") == []


async def test_prometheus_speaks_get_and_post_ranges_and_errors(reader: Any) -> None:
    now = reader.systems.brain.clock.now().timestamp()
    path = "/api/v1/query"
    posted = await reader.ask("PROMETHEUS_URL", path, "POST", data={"query": "sum(up)"})
    number = await reader.ask("PROMETHEUS_URL", path, params={"query": "1 / 3", "time": "1800000000.5"})
    broken = await reader.ask("PROMETHEUS_URL", path, params={"query": "sum("})
    beyond = await reader.ask("PROMETHEUS_URL", path, params={"query": "topk(1, up)"})
    bad_time = await reader.ask("PROMETHEUS_URL", path, params={"query": "up", "time": "noon"})
    span = {"query": "sum(up)", "start": str(now - 600), "end": str(now), "step": "1m"}
    ranged = await reader.ask("PROMETHEUS_URL", "/api/v1/query_range", params=span)
    endless = await reader.ask("PROMETHEUS_URL", "/api/v1/query_range", params={**span, "step": "0.01"})

    assert posted.body["data"]["result"][0]["metric"] == {}
    assert posted.body["data"]["result"][0]["value"][1] == "1"
    assert number.body["data"] == {"resultType": "scalar", "result": [1800000000.5, "0.3333333333333333"]}
    assert (broken.status, broken.body["errorType"]) == (400, "bad_data")
    assert (beyond.status, beyond.body["data"]["result"]) == (200, [])
    assert (bad_time.status, endless.status) == (400, 400)
    assert ranged.body["data"]["resultType"] == "matrix"
    assert [value for _, value in ranged.body["data"]["result"][0]["values"]] == ["1"] * 11


async def test_stamps_are_on_the_sandbox_clock(reader: Any) -> None:
    before = reader.systems.brain.clock.now().timestamp()
    stamp = (await reader.query("up"))[0]["value"][0]

    assert before <= stamp <= reader.systems.brain.clock.now().timestamp()


async def test_a_restart_makes_no_negative_rate_and_metrics_go_on(reader: Any, eventually: Eventually) -> None:
    await reader.systems.brain.restart(None)

    async def grows() -> bool:
        result = await reader.query("sum(increase(codex_events_processed_total[2m]))")
        assert all(float(row["value"][1]) >= 0 for row in result)
        return bool(result) and float(result[0]["value"][1]) > 1000

    await eventually(grows, 3)


async def test_down_is_503_and_stops_the_work(reader: Any, eventually: Eventually) -> None:
    await reader.systems.targets.turn("codex", {"down": True})
    answer = await reader.ask("CODEX_URL", "/health")

    async def seen_down() -> bool:
        return bool(await reader.value("up") == 0)

    await eventually(seen_down)
    assert answer.status == 503
    assert await reader.query("sum(codex_events_processed_total)") == []
    await reader.systems.targets.reset("codex")
    assert (await reader.ask("CODEX_URL", "/health")).status == 200


async def test_hang_never_answers_until_the_knob_goes_back(reader: Any) -> None:
    await reader.systems.targets.turn("codex", {"hang": True})
    asked = asyncio.create_task(reader.ask("CODEX_URL", "/health"))
    done, _ = await asyncio.wait({asked}, timeout=0.2)
    assert not done
    await reader.systems.targets.turn("codex", {"hang": False})

    assert (await asked).status == 200


@pytest.mark.parametrize("how", ["refuse", "stop"])
async def test_refused_connections_come_back_on_the_same_port(reader: Any, how: str) -> None:
    brain, targets = reader.systems.brain, reader.systems.targets
    await (targets.turn("codex", {"refuse": True}) if how == "refuse" else brain.stop("k"))

    for variable in ("CODEX_URL", "CODEX_GRAPH_URL"):
        with pytest.raises(aiohttp.ClientConnectorError):
            await reader.ask(variable, "/health")
    assert (await reader.ask("CODEX_DOCS_URL", "/")).status == 200
    await (targets.turn("codex", {"refuse": False}) if how == "refuse" else brain.start("k"))
    assert (await reader.ask("CODEX_URL", "/health")).status == 200


async def test_silent_metrics_are_an_empty_success(reader: Any) -> None:
    await reader.systems.targets.turn("codex", {"silent_metrics": True})

    assert await reader.query("up") == []
    await reader.systems.targets.turn("codex", {"silent_metrics": False})
    assert await reader.value("up") == 1


async def test_error_latency_and_freshness_knobs_are_seen_by_the_queries(reader: Any, eventually: Eventually) -> None:
    await reader.systems.targets.turn("codex", {"error_rate": 0.2, "latency_ms": 6000, "freshness_s": 20})
    slow = "histogram_quantile(0.5, sum by (le) (rate(guard_api_request_duration_seconds_bucket[5m])))"
    fresh = "histogram_quantile(0.5, sum by (le) (rate(codex_docs_freshness_seconds_bucket[5m])))"
    share = 'sum(rate(codex_events_processed_total{status="error"}[5m])) / sum(rate(codex_events_processed_total[5m]))'

    async def turned() -> bool:
        values = [await reader.value(query) for query in (slow, fresh, share)]
        return bool(5 < values[0] <= 7.5 and 10 < values[1] <= 30 and abs(values[2] - 0.2) < 0.002)

    await eventually(turned)
