"""Who the app is: api.test, auth.test, bots.info, and the address of a new socket."""

from sandbox.workspace.errors import ApiError
from sandbox.workspace.methods.calls import Call, Method
from sandbox.workspace.rates import Tier
from sandbox.workspace.shown import bot_json
from sandbox.workspace.state import BOT_ID, BOT_NAME, BOT_USER, TEAM_ID, TEAM_NAME, JsonObject


def auth_test(call: Call) -> JsonObject:
    return {
        "url": f"{call.local.base_url}/",
        "team": TEAM_NAME,
        "user": BOT_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def bots_info(call: Call) -> JsonObject:
    if call.args.text("bot") != BOT_ID:
        raise ApiError("bot_not_found")
    return {"bot": bot_json() | {"user_id": BOT_USER, "icons": {}}}


def connections_open(call: Call) -> JsonObject:
    if call.local.faults.refuse_sockets:
        raise ApiError("internal_error")
    if call.local.http is not None:
        raise ApiError("socket_mode_not_enabled")
    address = call.local.base_url.replace("http://", "ws://", 1)
    return {"url": f"{address}/socket/{call.local.hub.ticket()}"}


METHODS = {
    "auth.test": Method(auth_test, None, Tier.UNLIMITED),
    "bots.info": Method(bots_info, "users:read", Tier.T3, takes_json=False),
    "apps.connections.open": Method(connections_open, None, Tier.CONNECT, app_token=True),
}
