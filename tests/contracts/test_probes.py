"""What every Probes promises, for what can be read and for what cannot."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.domain.probes import AttestProbe, CommandProbe, EnvProbe, HttpProbe, HttpReads, Probe, PrometheusProbe
from bot.domain.systems import Prometheus
from bot.domain.verdicts import Outcome, judge
from bot.ports import Probes
from bot.probes.reader import ProbeReader
from bot.reach.subprocesses import Allowed
from bot.rehearsal.probes import RehearsalProbes
from tests.storage.samples import GATE, RESOLVED, SYSTEMS

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
READABLE: dict[str, tuple[Probe, bool | float | str]] = {
    "status": (HttpProbe("http", "codex", "/"), 200),
    "json": (HttpProbe("http", "codex", "/", HttpReads.JSON, "ok"), True),
    "text": (HttpProbe("http", "codex", "/", HttpReads.TEXT), '{"ok": true}'),
    "command": (CommandProbe("command", ("true",)), 0),
    "prometheus": (PrometheusProbe("prometheus", "metrics", "good"), 0.01),
}
DARK: dict[str, Probe] = {
    "system": HttpProbe("http", "nobody", "/"),
    "path": HttpProbe("http", "codex", "/", HttpReads.JSON, "absent"),
    "command": CommandProbe("command", ("absent",)),
    "env": EnvProbe("env", "codex"),
    "series": PrometheusProbe("prometheus", "metrics", "bad"),
    "attest": AttestProbe("attest", "Does it look right?", "devops"),
}


@pytest.fixture(params=["twin", "real"])
async def played(request: Any, tmp_path: Path) -> AsyncIterator[tuple[Probes, Any]]:
    if request.param == "twin":
        twin = RehearsalProbes()
        for probe, value in READABLE.values():
            twin.probe_reads(probe, value)
        for probe in DARK.values():
            twin.probe_reads(probe, None)
        yield twin, RESOLVED
        return

    async def answers(asked: web.Request) -> web.Response:
        if asked.path == "/":
            return web.json_response({"ok": True})
        result = [{"metric": {}, "value": [1.0, "0.01"]}] if asked.query["query"] == "good" else []
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": result}})

    app = web.Application()
    app.router.add_get("/{path:.*}", answers)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    reader = ProbeReader(Allowed(frozenset({"true"}), tmp_path), {})
    systems = {**SYSTEMS, "metrics": Prometheus("prometheus", "PROMETHEUS_URL")}
    yield reader, replace(RESOLVED, systems=systems, targets={"CODEX_URL": url, "PROMETHEUS_URL": url})
    await runner.cleanup()


@pytest.mark.parametrize("name", READABLE)
async def test_a_reading_has_its_value_moment_and_source(played, name: str) -> None:
    probes, phase = played
    probe, value = READABLE[name]
    reading = await probes.read(probe, phase, AT)
    assert (reading.value, type(reading.value), reading.at, reading.trouble) == (value, type(value), AT, "")
    assert reading.source


@pytest.mark.parametrize("name", DARK)
async def test_what_cannot_be_read_is_a_reading_without_a_value_and_never_a_pass(played, name: str) -> None:
    probes, phase = played
    reading = await probes.read(DARK[name], phase, AT)
    assert (reading.value, reading.at) == (None, AT)
    assert reading.source
    assert reading.trouble
    verdict = judge(reading, GATE.bound, valid_for=GATE.valid_for)
    assert (verdict.outcome, verdict.says) == (Outcome.ERROR, reading.trouble)


async def test_what_people_attest_awaits_their_word(played) -> None:
    probes, phase = played
    assert (await probes.read(DARK["attest"], phase, AT)).trouble == "awaits a person's word"
