"""What stands around the bot in benchmarks, each a process of its own: `python -m bench.servers slack|bare|bolt`.

`slack` answers the Web API calls that the bot makes, `bare` is an aiohttp handler that does nothing, and `bolt` is
Bolt's own server with its defaults, whose one listener acknowledges and stores nothing. Each prints its port.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

TEAM = "T0BENCH"
_ids = itertools.count(1)


async def _slack(request: web.Request) -> web.Response:
    """Whoever is asked about is a full member, and whatever is said is taken."""
    asked = dict(await request.post())
    method = request.match_info["method"]
    told: dict[str, object] = {"ok": True}
    if method == "auth.test":
        told |= {"team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT", "team": "bench", "user": "rollout", "url": "x"}
    elif method == "users.info":
        told["user"] = {"id": asked.get("user") or request.query.get("user"), "team_id": TEAM, "name": "somebody"}
    elif method.startswith("chat."):
        told |= {"ts": f"1700000000.{next(_ids):06}", "channel": "C0BENCH"}
    return web.json_response(told)


async def _bare(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({"text": "taken"})


async def _as_slack() -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/api/{method}", _slack)
    return app


async def _as_bare() -> web.Application:
    app = web.Application()
    app.router.add_post("/slack/events", _bare)
    return app


async def _as_bolt() -> web.Application:
    client = AsyncWebClient("xoxb-bench", base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @app.command("/rollout")
    async def typed(ack: AsyncAck) -> None:
        await ack("taken")

    return app.web_app("/slack/events")


_SERVERS: dict[str, Callable[[], Awaitable[web.Application]]] = {"slack": _as_slack, "bare": _as_bare, "bolt": _as_bolt}


async def _serve(name: str) -> None:
    runner = web.AppRunner(await _SERVERS[name](), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
