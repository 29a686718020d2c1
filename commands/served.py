"""Served: the HTTP line of Slack's door, and whether the process lives and acts, on one port.

It listens before the process has the lease and goes on without it; who acts plugs its reception in.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.ports import Beat, Clock, Pulse
from commands.arrivals import FORM, JSON, Kind, Malformed, posted
from commands.reception import OK, Answer, Reception
from commands.signing import Seal
from commands.slowing import SlowLane

PATH: Final = "/slack/events"
MOST_BYTES: Final = 64 * 1024
BODY_WITHIN: Final = 3.0
# Slack signs to the second, and its clock is not ours.
_SKEW: Final = 5
_LOG: Final = structlog.get_logger(__name__)
_RETRY: Final = "X-Slack-Retry-Num"


class _Turned(Exception):  # noqa: N818 - turned away at the door
    """Not let in; `status` is the answer and `why` one word for the log."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass
class Server:
    """`seal` is None where Slack comes over a socket: then there is only health here.

    `unready` is a word that says why this process does not act; "" once it does. `cut_off` says that it could not
    renew its lease for so long that another process may act by now.
    """

    host: str
    port: int
    clock: Clock
    seal: Seal | None = None
    unready: str = "standby"
    cut_off: bool = False
    slow: SlowLane = field(init=False)
    _reception: Reception | None = None
    _pulse: Pulse | None = None
    _since: float = 0.0

    def __post_init__(self) -> None:
        self.slow = SlowLane(self.clock.sleep)

    def open(self, reception: Reception, pulse: Pulse) -> None:
        """From now on what Slack posts is taken in."""
        self._reception, self._pulse, self._since = reception, pulse, self.clock.real().timestamp()

    def shut(self, why: str = "standby") -> None:
        """From now on what Slack posts is answered 503."""
        self._reception, self.unready = None, why

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Listen; gives the port that was taken."""
        runner = web.ServerRunner(web.Server(self._handle, access_log=None, auto_decompress=False))
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port, backlog=1024).start()
            port = int(runner.addresses[0][1])
            _LOG.info("http.listening", host=self.host, port=port, path=PATH if self.seal else "")
            yield port
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == PATH and self.seal:
            return await self._posted(request, self.seal)
        if request.path not in _HEALTH:
            return _response(404)
        if request.method not in {"GET", "HEAD"}:
            return _response(405)
        return _HEALTH[request.path](self)

    async def _posted(self, request: web.BaseRequest, seal: Seal) -> web.StreamResponse:
        try:
            raw = await _body(request)
            _sealed(seal, request, raw)
            answer = await self._taken(request, seal, raw)
        except _Turned as no:
            return await self._turned(no)
        if answer.slow:
            await self.slow.wait()
        response = _response(answer.status, answer.text)
        if self._pulse:
            # The answer is on its way before the beat, so that a test can stop the process exactly there.
            await response.prepare(request)
            await response.write_eof()
            self._pulse(Beat.COMMAND_ANSWERED)
        return response

    async def _taken(self, request: web.BaseRequest, seal: Seal, raw: bytes) -> Answer:
        try:
            arrival = posted(request.content_type, raw)
        except Malformed as wrong:
            raise _Turned(400, str(wrong)) from wrong
        if arrival.kind is Kind.CHALLENGE:
            return Answer(OK, json.dumps({"challenge": arrival.body["challenge"]}))
        if self._reception is None:
            raise _Turned(503, self.unready)
        if arrival.kind is Kind.OTHER:
            return Answer(OK)
        again = _RETRY in request.headers or (seal.stamp(request.headers) or 0) <= self._since + _SKEW
        return await self._reception.take(arrival, suspect=again)

    async def _turned(self, no: _Turned) -> web.Response:
        _LOG.debug("http.refused", status=no.status, why=no.why)
        # A standby says so at once: Slack, or what balances before us, goes on to the next.
        if no.status != _STANDBY:
            await self.slow.wait()
        response = _response(no.status, no.why if no.status == _STANDBY else "")
        if no.status == _TOO_LARGE:
            response.force_close()
        return response


_STANDBY: Final = 503
_TOO_LARGE: Final = 413


def _sealed(seal: Seal, request: web.BaseRequest, raw: bytes) -> None:
    if why := seal.broken(request.headers, raw):
        raise _Turned(401, why)


async def _body(request: web.BaseRequest) -> bytes:
    """The raw bytes, when they come in a form that Slack uses and are not too many."""
    if request.method != "POST":
        raise _Turned(405, "method")
    if request.content_type not in {FORM, JSON} or "Content-Encoding" in request.headers:
        raise _Turned(415, "type")
    if (request.content_length or 0) > MOST_BYTES:
        raise _Turned(_TOO_LARGE, "size")
    if request.content.is_eof() and request.content.exception() is None:
        raw = request.content.read_nowait()
    else:
        raw = await _streamed(request)
    if len(raw) > MOST_BYTES:
        raise _Turned(_TOO_LARGE, "size")
    return raw


async def _streamed(request: web.BaseRequest) -> bytes:
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            while len(raw) <= MOST_BYTES and (part := await request.content.readany()):
                raw += part
    except (HttpProcessingError, ClientError, OSError, TimeoutError) as broken:
        raise _Turned(400, "body") from broken
    return bytes(raw)


def _response(status: int, text: str = "") -> web.Response:
    kind = JSON if text.startswith("{") else "text/plain"
    return web.Response(status=status, text=text, content_type=kind, headers={"Server": "rollout"})


def _alive(_: Server) -> web.Response:
    return _response(OK, "alive")


def _ready(server: Server) -> web.Response:
    why = server.unready or ("database" if server.cut_off else "")
    return _response(_STANDBY if why else OK, why or "ready")


_HEALTH: Final[dict[str, Callable[[Server], web.Response]]] = {"/healthz": _alive, "/readyz": _ready}
