"""The addresses of Drive and the one place where its refusals become answers."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.drive.bodies import DriveRefused
from sandbox.drive.eyes import Eyes
from sandbox.drive.hands import Hands
from sandbox.drive.knobs import Knobs
from sandbox.targets import Targets
from sandbox.workspace.acts import ActRefused, Acts
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.state import JsonObject

Answerer = Callable[[web.Request], Awaitable[JsonObject]]
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_drive(app: web.Application, local: LocalSlack, acts: Acts, targets: Targets) -> None:
    eyes, hands, knobs = Eyes(local), Hands(local, acts), Knobs(local, targets, local.clock)
    gets = {
        "people": eyes.people,
        "channels": eyes.channels,
        "messages": eyes.messages,
        "ephemerals": eyes.ephemerals,
        "views": eyes.views,
        "changes": eyes.changes,
        "faults": knobs.faults,
        "target": knobs.target,
        "clock": knobs.time,
    }
    posts = {
        "command": hands.command,
        "click": hands.click,
        "mention": hands.mention,
        "message": hands.message_sent,
        "delete": hands.delete,
        "submit": hands.submit,
        "close": hands.close,
        "home": hands.home,
        "group": hands.group,
        "archive": hands.archive,
        "kick": hands.kick,
        "invite": hands.invite,
        "faults": knobs.set_faults,
        "target": knobs.set_target,
        "clock": knobs.advance,
    }
    for name, answerer in gets.items():
        app.router.add_get(f"/drive/{name}", answering(answerer))
    for name, answerer in posts.items():
        app.router.add_post(f"/drive/{name}", answering(answerer))
    app.router.add_route("*", "/drive/{name:.*}", answering(nowhere))


def answering(answerer: Answerer) -> Route:
    async def route(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await answerer(request), headers={"Cache-Control": "no-store"})
        except (DriveRefused, ActRefused) as refusal:
            body = {"ok": False, "error": refusal.error, "detail": refusal.detail}
            return web.json_response(body, status=refusal.status)

    return route


async def nowhere(request: web.Request) -> JsonObject:
    raise DriveRefused("not_found", f"Drive has no {request.method} {request.path}", 404)
