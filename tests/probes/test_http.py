"""The http probe against real servers, kind and unkind."""

import asyncio
import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.domain.probes import HttpProbe, HttpReads
from bot.domain.quantities import Span
from bot.probes.reader import ProbeReader

AT = datetime(2025, 9, 1, 8, tzinfo=UTC)
BODY = {"status": "ok", "config": {"clerk": {"enabled": True}, "mode": "live"}, "n": 3, "share": 0.25, "list": [1, 2]}


def probe(reads: str = "status", get: str = "/health", **more: Any) -> HttpProbe:
    return HttpProbe("http", "codex", get, HttpReads(reads), **{"timeout": Span(seconds=1), **more})


async def healthy(request: web.Request) -> web.Response:
    headers = {"X-JWKS-Status": "fresh"}
    if request.headers.get("Origin") == "https://portal.example":
        headers["Access-Control-Allow-Origin"] = "https://portal.example"
    return web.json_response(BODY, headers=headers)


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        (probe(), 200),
        (probe("header", header="X-JWKS-Status"), "fresh"),
        (probe("json", path="config.clerk.enabled"), True),
        (probe("json", path="config.mode"), "live"),
        (probe("json", path="n"), 3),
        (probe("json", path="share"), 0.25),
        (probe("json", path="length(list)"), 2),
        (probe("json", path="list"), "[1, 2]"),
        (probe("json", path="config.clerk"), '{"enabled": true}'),
        (probe("text"), json.dumps(BODY)),
        (probe("cors", origin="https://portal.example"), "https://portal.example"),
        (probe("cors", origin="https://elsewhere.example"), ""),
    ],
)
async def test_each_part_of_an_answer_can_be_the_reading(serve, ask, phase, asked, value) -> None:
    reading = await ask(asked, phase(await serve(healthy)))
    assert (reading.value, reading.trouble) == (value, "")
    assert type(reading.value) is type(value)


async def test_the_source_names_the_request_and_the_system(serve, ask, phase) -> None:
    assert (await ask(probe(), phase(await serve(healthy)))).source == "GET /health of codex"


async def test_latency_is_in_seconds_and_counts_to_the_last_byte(serve, ask, phase) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"first")
        await asyncio.sleep(0.15)
        await answer.write_eof(b"last")
        return answer

    reading = await ask(probe("latency"), phase(await serve(slow)))
    assert isinstance(reading.value, float)
    assert 0.15 <= reading.value < 0.8


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (probe("header", header="X-Absent"), "no header X-Absent"),
        (probe("json", path="config.absent"), "nothing at config.absent"),
        (probe("json", path="config.["), "cannot be applied"),
        (probe("json", path="length(n)"), "cannot be applied"),
        (probe("cors"), "names no origin"),
    ],
)
async def test_what_the_answer_does_not_hold_is_no_reading(serve, ask, phase, asked, says) -> None:
    reading = await ask(asked, phase(await serve(healthy)))
    assert reading.value is None
    assert says in reading.trouble


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", "does not answer in JSON"),
        (b"", "does not answer in JSON"),
        (b'{"n": NaN}', "does not answer in JSON"),
        (b'{"n": 1e999}', "too large"),
        (b'{"n": 1' + b"0" * 400 + b"}", "too large"),
        (b'{"n": 1' + b"0" * 9000 + b"}", "does not answer in JSON"),
        (b"[" * 200_000, "does not answer in JSON"),
        (b'{"n": null}', "nothing at n"),
        (b"\xff\xfe{", "does not answer in JSON"),
        (b'{"n": "' + b"x" * 1_100_000 + b'"}', "longer than 1 MiB"),
    ],
)
async def test_malformed_and_oversized_json_is_no_reading(serve, ask, phase, body, says) -> None:
    async def answers(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    reading = await ask(probe("json", path="n"), phase(await serve(answers)))
    assert reading.value is None
    assert says in reading.trouble


@pytest.mark.parametrize("reads", ["json", "text", "latency", "header", "cors"])
async def test_a_part_of_an_error_is_no_reading(serve, ask, phase, reads) -> None:
    async def fails(_: web.Request) -> web.Response:
        return web.json_response({"n": 1}, status=503, headers={"X-N": "1"})

    asked = probe(reads, path="n", header="X-N", origin="https://portal.example")
    reading = await ask(asked, phase(await serve(fails)))
    assert reading.value is None
    assert "status 503" in reading.trouble


async def test_the_status_of_an_error_is_a_reading(serve, ask, phase) -> None:
    async def fails(_: web.Request) -> web.Response:
        return web.Response(status=503)

    assert (await ask(probe(), phase(await serve(fails)))).value == 503


async def test_a_target_that_hangs_is_left_after_the_timeout(serve, ask, phase) -> None:
    async def hangs(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    begun = time.monotonic()
    reading = await ask(probe(timeout=Span(milliseconds=200)), phase(await serve(hangs)))
    assert time.monotonic() - begun < 1
    assert reading.value is None
    assert "within 0.2 s" in reading.trouble


async def test_a_slow_drip_does_not_stretch_the_timeout(serve_raw, ask, phase) -> None:
    async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    begun = time.monotonic()
    reading = await ask(probe("text", timeout=Span(milliseconds=300)), phase(await serve_raw(drips)))
    assert time.monotonic() - begun < 1
    assert reading.value is None
    assert "no whole answer" in reading.trouble


async def test_an_endless_body_is_cut_off_at_the_cap(serve, ask, phase) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)

    reading = await ask(probe("text", timeout=Span(seconds=5)), phase(await serve(endless)))
    assert reading.value is None
    assert "longer than 1 MiB" in reading.trouble


async def test_a_compressed_answer_is_not_unpacked(serve, ask, phase) -> None:
    async def bomb(_: web.Request) -> web.Response:
        answer = web.Response(body=b"0" * 100_000)
        answer.enable_compression(web.ContentCoding.gzip, strategy=0)
        answer.headers["Content-Encoding"] = "gzip"
        return answer

    reading = await ask(probe("text"), phase(await serve(bomb)))
    assert reading.value is None
    assert "compressed" in reading.trouble


async def test_what_speaks_no_http_is_no_reading(serve_raw, ask, phase) -> None:
    async def babbles(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()

    reading = await ask(probe(), phase(await serve_raw(babbles)))
    assert reading.value is None
    assert "did not speak HTTP" in reading.trouble


async def test_a_refused_connection_is_no_reading_unless_the_plan_counts_it(nobody, ask, phase) -> None:
    reading = await ask(probe(), phase(nobody))
    assert reading.value is None
    assert "refuses the connection" in reading.trouble
    counted = await ask(probe(refused_as=404), phase(nobody))
    assert (counted.value, counted.source) == (404, "GET /health of codex; connection refused")
    by_name = await ask(probe(refused_as=404), phase(nobody.replace("127.0.0.1", "localhost")))
    assert by_name.value == 404


@pytest.mark.parametrize("reads", ["text", "latency", "json"])
async def test_a_refused_connection_counts_for_the_status_alone(nobody, ask, phase, reads) -> None:
    assert (await ask(probe(reads, refused_as=404), phase(nobody))).value is None


async def test_a_timeout_is_never_counted_as_refused(serve, ask, phase) -> None:
    async def hangs(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    reading = await ask(probe(refused_as=404, timeout=Span(milliseconds=100)), phase(await serve(hangs)))
    assert reading.value is None


async def test_a_redirect_to_another_host_or_port_is_not_followed(serve, ask, phase) -> None:
    visited: list[str] = []

    async def other(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response(text="stolen")

    elsewhere = await serve(other)

    async def sends_on(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{elsewhere}/stolen"})

    home = phase(await serve(sends_on))
    assert (await ask(probe(), home)).value == 302
    reading = await ask(probe("text"), home)
    assert reading.value is None
    assert "another address" in reading.trouble
    assert visited == []


async def test_a_redirect_at_home_is_followed_but_not_for_ever(serve, ask, phase) -> None:
    async def moved(request: web.Request) -> web.Response:
        if request.path == "/health":
            return web.Response(status=307, headers={"Location": "/health/"})
        if request.path.startswith("/loop"):
            return web.Response(status=302, headers={"Location": "/loop"})
        return web.Response(text="here")

    home = phase(await serve(moved))
    assert (await ask(probe("text"), home)).value == "here"
    assert (await ask(probe(get="/loop"), home)).value == 302


@pytest.mark.parametrize(
    "get",
    [
        "health",
        "//evil.example/health",
        "http://evil.example/",
        "/a//b",
        "/../admin",
        "/a/../../admin",
        "/base/../admin",
        "/%2e%2e/admin",
        "/%2E%2E/%2e%2e/admin",
        "/a\\b",
        "/a b",
        "/a\r\nHost: evil",
        "/a#b",
        "@evil.example/",
        "",
    ],
)
async def test_a_path_never_leads_out_of_the_target(serve, ask, phase, get) -> None:
    asked: list[str] = []

    async def sees(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response()

    reading = await ask(probe(get=get), phase(f"{await serve(sees)}/base"))
    assert reading.value is None
    assert "path" in reading.trouble or "leads out" in reading.trouble
    assert asked == []


async def test_a_base_path_and_a_query_are_kept(serve, ask, phase) -> None:
    async def echoes(request: web.Request) -> web.Response:
        return web.Response(text=request.path_qs)

    reading = await ask(probe("text", get="/graph/pr/123?full=1"), phase(f"{await serve(echoes)}/base/"))
    assert reading.value == "/base/graph/pr/123?full=1"


@pytest.mark.parametrize("target", ["", "localhost:8000", "file:///etc/passwd", "http://", "ftp://h", "http://h?x=1"])
async def test_a_target_that_is_no_http_address_is_named(ask, phase, target) -> None:
    reading = await ask(probe(), phase(target))
    assert reading.value is None
    assert "CODEX_URL" in reading.trouble


async def test_an_unknown_system_is_named(ask, phase) -> None:
    reading = await ask(HttpProbe("http", "graph", "/"), phase("http://127.0.0.1:1"))
    assert (reading.value, reading.trouble) == (None, "the plan has no system 'graph'")


async def test_credentials_come_from_the_environment_and_are_never_told(serve, ask, phase) -> None:
    async def guarded(request: web.Request) -> web.Response:
        given = base64.b64decode(request.headers.get("Authorization", "Basic ").removeprefix("Basic "))
        return web.Response(status=200 if given == b"bot:hunter2" else 401)

    url = await serve(guarded)
    whole = url.replace("//", "//bot:hunter2@")
    approved = phase(url, secrets={"CODEX_URL": "hmac-sha256:00"})
    reading = await ask(probe(), approved, {"CODEX_URL": whole})
    assert reading.value == 200
    moved = await ask(probe(), approved, {"CODEX_URL": "http://bot:hunter2@127.0.0.1:1"})
    assert moved.value is None
    assert "no longer the address" in moved.trouble
    assert "hunter2" not in f"{reading} {moved}"


async def test_only_get_is_ever_sent(serve, ask, phase) -> None:
    methods: set[str] = set()

    async def sees(request: web.Request) -> web.Response:
        methods.add(request.method)
        return web.json_response({"n": 1})

    home = phase(await serve(sees))
    for reads in HttpReads:
        await ask(probe(reads, path="n", header="Date", origin="https://portal.example"), home)
    assert methods == {"GET"}


async def test_two_hundred_hanging_gates_keep_no_other_waiting(serve, allowed, phase) -> None:
    async def hangs(request: web.Request) -> web.Response:
        if request.path == "/hang":
            await asyncio.sleep(30)
        return web.Response()

    home, reader = phase(await serve(hangs)), ProbeReader(allowed, {})
    waiting = [
        asyncio.create_task(reader.read(probe(get="/hang", timeout=Span(seconds=3)), home, AT)) for _ in range(200)
    ]
    await asyncio.sleep(0.3)
    begun = time.monotonic()
    reading = await reader.read(probe(), home, AT)
    assert (reading.value, time.monotonic() - begun < 1) == (200, True)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
