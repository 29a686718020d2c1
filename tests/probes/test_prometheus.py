"""The prometheus probe against every shape that an answer can have."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.domain.probes import PrometheusProbe
from bot.domain.quantities import Span


def vector(*values: str, **more: Any) -> dict[str, Any]:
    result = [{"metric": {"n": str(n)}, "value": [1756713600.0, value]} for n, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": result}, **more}


def scalar(value: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "scalar", "result": value}}


def probe(query: str = "errors", samples: str | None = None, **more: Any) -> PrometheusProbe:
    return PrometheusProbe("prometheus", "metrics", query, samples, **{"timeout": Span(seconds=1), **more})


@pytest.mark.parametrize(
    ("answer", "value"),
    [(vector("0.03"), 0.03), (vector("0"), 0.0), (vector("-1e-3"), -0.001), (scalar([1756713600.0, "7"]), 7.0)],
)
async def test_one_number_is_the_reading(serve, ask, phase, answer, value) -> None:
    async def answers(request: web.Request) -> web.Response:
        assert (request.path, request.query["query"]) == ("/api/v1/query", "errors")
        return web.json_response(answer)

    reading = await ask(probe(), phase(await serve(answers)))
    assert (reading.value, reading.samples, reading.trouble) == (value, None, "")
    assert reading.source == "metrics: errors"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (vector(), "gives no series"),
        (vector("1", "2"), "gives 2 series"),
        (vector("NaN"), "gives nan"),
        (vector("+Inf"), "gives inf"),
        (vector("-Inf"), "gives -inf"),
        (vector("many"), "does not answer as Prometheus does"),
        (vector("1", warnings=["half of the stores did not answer"]), "half of the stores"),
        (scalar("7"), "does not answer as Prometheus does"),
        (scalar([1]), "does not answer as Prometheus does"),
        (scalar([1, None]), "does not answer as Prometheus does"),
        ({"status": "success", "data": {"resultType": "matrix", "result": []}}, "a matrix"),
        ({"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}, "a string"),
        ({"status": "success", "data": None}, "shapeless"),
        ({"status": "success", "data": {"resultType": "vector", "result": ["x"]}}, "does not answer as Prometheus"),
        ({"status": "success"}, "shapeless"),
        ({"status": "error", "errorType": "bad_data", "error": "parse error at 3"}, "parse error at 3"),
        ({}, "no reason given"),
        ([], "does not answer as Prometheus does"),
        ("ok", "does not answer as Prometheus does"),
    ],
)
async def test_everything_else_is_no_reading(serve, ask, phase, answer, says) -> None:
    async def answers(_: web.Request) -> web.Response:
        return web.json_response(answer)

    reading = await ask(probe(), phase(await serve(answers)))
    assert reading.value is None
    assert says in reading.trouble


@pytest.mark.parametrize(
    ("status", "text", "says"),
    [
        (400, '{"status":"error","error":"bad query"}', "bad query"),
        (422, '{"status":"success"}', "status 422"),
        (503, "<html>", "status 503"),
        (200, "<html>", "JSON"),
    ],
)
async def test_a_bad_status_or_a_page_is_no_reading(serve, ask, phase, status, text, says) -> None:
    async def answers(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    reading = await ask(probe(), phase(await serve(answers)))
    assert reading.value is None
    assert says in reading.trouble


@pytest.mark.parametrize(
    ("counted", "samples", "trouble"),
    [
        (vector("59"), 59, ""),
        (vector("59.9"), 59, ""),
        (vector("-0.5"), 0, ""),
        (vector(), None, "samples: the query gives no series"),
        (vector("NaN"), None, "samples: the query gives nan"),
    ],
)
async def test_samples_are_counted_by_a_second_query(serve, ask, phase, counted, samples, trouble) -> None:
    async def answers(request: web.Request) -> web.Response:
        return web.json_response(counted if request.query["query"] == "count" else vector("0.5"))

    reading = await ask(probe(samples="count"), phase(await serve(answers)))
    assert (reading.value, reading.samples) == (0.5, samples)
    assert reading.trouble.startswith(trouble)


async def test_a_prometheus_that_hangs_or_refuses_is_no_reading(serve, nobody, ask, phase) -> None:
    async def hangs(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    silent = await ask(probe(timeout=Span(milliseconds=150)), phase(await serve(hangs)))
    absent = await ask(probe(), phase(nobody))
    assert (silent.value, absent.value) == (None, None)
    assert "within 0.15 s" in silent.trouble
    assert "refuses the connection" in absent.trouble


async def test_a_query_arrives_as_it_was_written(serve, ask, phase) -> None:
    query = 'sum(rate(a{b="c&d+e %",f=~"x|y"}[5m])) / 100 > bool 0 # ü'

    async def answers(request: web.Request) -> web.Response:
        return web.json_response(vector("1") if request.query["query"] == query else vector())

    assert (await ask(probe(query), phase(await serve(answers)))).value == 1.0
