"""The door of the Web API: token, fault, scope and rate first, then the method, then Slack's way to answer."""

import json

from aiohttp import web

from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import ApiError
from sandbox.workspace.faults import Mishap
from sandbox.workspace.local import LocalSlack
from sandbox.workspace.methods import chat, conversations, directory, files, identity, marks, modals
from sandbox.workspace.methods.calls import Call, Method
from sandbox.workspace.rates import Tier
from sandbox.workspace.state import JsonObject

METHODS: dict[str, Method] = (
    identity.METHODS
    | chat.METHODS
    | conversations.METHODS
    | directory.METHODS
    | modals.METHODS
    | marks.METHODS
    | files.METHODS
)
# Longer than any client waits; the connection is then dropped without an answer.
HANGING_SECONDS = 300.0


class WebApi:
    def __init__(self, local: LocalSlack) -> None:
        self._local = local

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        mishap, self._local.faults = self._local.faults.strike(name)
        if mishap is Mishap.HANG:
            await self._local.closing_within(HANGING_SECONDS)
            drop(request)
            return web.Response(status=503)
        if mishap is None:
            mishap = self._local.chance.strike(Mishap)
            if mishap is Mishap.HANG:
                await self._local.closing_within(self._local.chance.seconds())
        if mishap is Mishap.SERVER_ERROR:
            return self._answer({"ok": False, "error": "internal_error"}, 500)
        try:
            if mishap is Mishap.RATE_LIMIT:
                raise limited(self._local.faults.retry_after)
            answer = self._answer({"ok": True} | await self._call(name, request))
        except ApiError as refusal:
            answer = self._answer(refusal.body(), refusal.status, refusal.headers)
        if mishap is Mishap.LOSE_REPLY:
            drop(request)
        return answer

    async def _call(self, name: str, request: web.Request) -> JsonObject:
        in_form, in_json = await read_arguments(request)
        if name == "api.test":
            error = in_form.get("error") or in_json.get("error")
            if error:
                raise ApiError(str(error))
            return {"args": in_form | in_json}
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        self._authenticate(method, request, in_form)
        args = Arguments(in_form | in_json if method.takes_json else in_form)
        call = Call(self._local, args)
        if method.scope is not None:
            call.need_scope(method.scope)
        self._pace(name, method, args)
        return method.run(call)

    def _authenticate(self, method: Method, request: web.Request, given: JsonObject) -> None:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ").strip() or given.get("token")
        if not token:
            raise ApiError("not_authed")
        expected, other = self._local.tokens.bot, self._local.tokens.app
        if method.app_token:
            expected, other = other, expected
        if token == other:
            raise ApiError("not_allowed_token_type")
        if token != expected:
            raise ApiError("invalid_auth")

    def _pace(self, name: str, method: Method, args: Arguments) -> None:
        key = f"{name} {args.maybe('channel')}" if method.tier is Tier.POSTING else name
        wait = self._local.rates.take(key, method.tier)
        if wait is not None:
            raise limited(wait)

    def _answer(self, body: JsonObject, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        scopes = {"x-oauth-scopes": ",".join(sorted(self._local.grants.scopes))}
        return web.json_response(body, status=status, headers=scopes | (headers or {}))


def limited(seconds: int) -> ApiError:
    return ApiError("ratelimited", status=429, headers={"Retry-After": str(seconds)})


def drop(request: web.Request) -> None:
    """Cut the connection, so that the caller never learns what happened."""
    if request.transport is not None:
        request.transport.abort()


async def read_arguments(request: web.Request) -> tuple[JsonObject, JsonObject]:
    """Return the arguments of query and form, and those of a JSON body."""
    given: JsonObject = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        try:
            parsed = json.loads(body) if body else {}
        except ValueError as flaw:
            raise ApiError("invalid_json") from flaw
        if not isinstance(parsed, dict):
            raise ApiError("json_not_object")
        return given, parsed
    if request.can_read_body and request.content_type not in {
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }:
        raise ApiError("invalid_post_type")
    return given | dict(await request.post()), {}
