"""The org-brain's two ports: health, metrics and probe on one, the graph of relations on the other."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST

from sandbox.systems.org_brain import OrgBrain

GRAPH_OF_123: dict[str, list[dict[str, str]]] = {
    "nodes": [
        {"ntype": "PR", "nkey": "pr:123", "title": "Narrow the release window"},
        {"ntype": "File", "nkey": "file:policies/release_window.rego", "title": "release_window.rego"},
        {"ntype": "Policy", "nkey": "policy:POL-001", "title": "Release window"},
    ],
    "edges": [
        {"src": "pr:123", "dst": "file:policies/release_window.rego", "rel": "touches"},
        {"src": "pr:123", "dst": "policy:POL-001", "rel": "governed_by"},
    ],
}

# What answering takes when nothing is wrong is already in the default of the latency knob.
USUAL_LATENCY_MS = 180.0


def service_app(brain: OrgBrain) -> web.Application:
    """Serve `/health`, `/metrics` and the probe that stands for a step over HTTP."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "service": "guard-codex"})

    async def metrics(_: web.Request) -> web.Response:
        if brain.run is None:
            raise web.HTTPServiceUnavailable
        text = brain.run.workload.meters.text()
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def probe(request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key:
            return web.json_response({"error": "the header Idempotency-Key is missing"}, status=400)
        return web.json_response({"duplicate": not brain.probe(key)})

    async def probed(request: web.Request) -> web.Response:
        known = request.match_info["key"] in brain.probes
        return web.json_response({"known": known}, status=200 if known else 404)

    app = web.Application(middlewares=[_moody(brain)])
    app.router.add_get("/health", health)
    app.router.add_get("/metrics", metrics)
    app.router.add_post("/codex/probe", probe)
    app.router.add_get("/codex/probe/{key:.+}", probed)
    return app


def graph_app(brain: OrgBrain) -> web.Application:
    """Serve the one route that the real Graph API has; everything is 404 while its flag is off."""

    async def graph(request: web.Request) -> web.Response:
        await asyncio.sleep(max(0.0, brain.knobs.latency_ms - USUAL_LATENCY_MS) / 1000)
        found = request.match_info["number"] == "123"
        body = GRAPH_OF_123 if found else {"nodes": [], "edges": []}
        return web.json_response(body, headers=_cross_origin(request))

    async def preflight(request: web.Request) -> web.Response:
        return web.Response(headers={**_cross_origin(request), "Access-Control-Allow-Methods": "GET"})

    app = web.Application(middlewares=[_moody(brain), _only_when_enabled(brain)])
    app.router.add_get("/graph/pr/{number:[0-9]+}", graph)
    app.router.add_options("/graph/pr/{number:[0-9]+}", preflight)
    return app


def _cross_origin(request: web.Request) -> dict[str, str]:
    # The real one's middleware (Starlette) speaks of CORS only to those who name an origin.
    return {"Access-Control-Allow-Origin": "*"} if "Origin" in request.headers else {}


def _moody(brain: OrgBrain) -> Middleware:
    @web.middleware
    async def moody(request: web.Request, handler: Handler) -> web.StreamResponse:
        # The body first: whoever asks has been heard before he is left hanging.
        await request.read()
        await brain.answering.wait()
        if brain.knobs.down:
            return web.json_response({"status": "unavailable", "service": "guard-codex"}, status=503)
        return await handler(request)

    return moody


def _only_when_enabled(brain: OrgBrain) -> Middleware:
    @web.middleware
    async def only_when_enabled(request: web.Request, handler: Handler) -> web.StreamResponse:
        if brain.run is None or not brain.run.graph_api:
            raise web.HTTPNotFound(text='{"detail":"Not Found"}', content_type="application/json")
        return await handler(request)

    return only_when_enabled
