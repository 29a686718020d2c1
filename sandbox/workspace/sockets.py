"""Socket Mode: one-use addresses, hello, envelopes to one of the connected sockets, acknowledgements."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable

from aiohttp import WSMsgType, web

from sandbox.workspace.delivery import Ack, Kind, Missed, Parcel
from sandbox.workspace.faults import Faults
from sandbox.workspace.state import APP_ID, JsonObject

MOST_SOCKETS = 10
# Slack warns some seconds before it closes; the other reasons close at once.
WARNING_SECONDS = 10.0
CLOSING_SECONDS = 1.0
PING_EVERY = 10.0
POLL = 0.05


class Hub:
    """All sockets of the one app. It is the `Line` of Socket Mode."""

    def __init__(self, faults: Callable[[], Faults]) -> None:
        self._faults = faults
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[object]] = {}
        self._closings: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> int:
        return len(self._sockets)

    def ticket(self) -> str:
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    async def send(self, parcel: Parcel, deadline: float) -> Ack | Missed:
        if not self._sockets:
            return Missed.NO_APP
        self._turn = (self._turn + 1) % len(self._sockets)
        # A doubled or repeated delivery may share its envelope's id; the first acknowledgement serves both.
        answer = self._waiting.setdefault(parcel.envelope_id, asyncio.get_running_loop().create_future())
        began = time.perf_counter()
        try:
            if not self._faults().silence_sockets:
                await self._sockets[self._turn].send_json(envelope(parcel))
            payload = await asyncio.wait_for(asyncio.shield(answer), deadline)
        except (TimeoutError, ConnectionError):
            return Missed.TIMEOUT
        finally:
            self._waiting.pop(parcel.envelope_id, None)
        return Ack((time.perf_counter() - began) * 1000, payload if parcel.accepts_response else None)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.match_info["ticket"]
        if ticket not in self._tickets or self._faults().refuse_sockets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self._sockets) >= MOST_SOCKETS:
            await socket.send_json(goodbye("too_many_websockets"))
            await socket.close()
            return socket
        pinging = asyncio.create_task(self._ping(socket))
        try:
            await self._unsilenced()
            await socket.send_json(hello(len(self._sockets) + 1))
            self._sockets.append(socket)
            async for frame in socket:
                await self._unsilenced()
                if frame.type is WSMsgType.PING:
                    await socket.pong(frame.data)
                elif frame.type is WSMsgType.TEXT:
                    self._hear(frame.data)
        finally:
            pinging.cancel()
            self._forget(socket)
        return socket

    async def _ping(self, socket: web.WebSocketResponse) -> None:
        while not socket.closed:
            await asyncio.sleep(PING_EVERY)
            await self._unsilenced()
            await socket.ping()

    async def _unsilenced(self) -> None:
        """Wait for the end of a silence: in one, not even a ping is answered."""
        while self._faults().silence_sockets:  # noqa: ASYNC110 - a switch that anybody may turn, not an event
            await asyncio.sleep(POLL)

    async def cut(self) -> None:
        await self.disconnect("refresh_requested")

    async def disconnect(self, reason: str) -> None:
        """Send every socket Slack's goodbye. A warned socket still gets payloads until it is closed."""
        leaving = list(self._sockets)
        if reason != "warning":
            self._sockets = []
        for socket in leaving:
            await socket.send_json(goodbye(reason))
            task = asyncio.create_task(close_later(socket, reason))
            self._closings.add(task)
            task.add_done_callback(self._closings.discard)

    async def close(self) -> None:
        for task in self._closings:
            task.cancel()
        for socket in list(self._sockets):
            await socket.close()

    def _hear(self, frame: str) -> None:
        try:
            heard = json.loads(frame)
        except ValueError:
            return
        answer = self._waiting.get(str(heard.get("envelope_id"))) if isinstance(heard, dict) else None
        if answer is not None and not answer.done():
            answer.set_result(heard.get("payload"))

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)


async def close_later(socket: web.WebSocketResponse, reason: str) -> None:
    await asyncio.sleep(WARNING_SECONDS if reason == "warning" else CLOSING_SECONDS)
    await socket.close()


def envelope(parcel: Parcel) -> JsonObject:
    frame: JsonObject = {
        "envelope_id": parcel.envelope_id,
        "type": parcel.kind.value,
        "accepts_response_payload": parcel.accepts_response,
        "payload": parcel.payload,
    }
    if parcel.kind is Kind.EVENT:
        frame |= {"retry_attempt": parcel.retry_attempt, "retry_reason": parcel.retry_reason}
    return frame


def hello(connections: int) -> JsonObject:
    return {
        "type": "hello",
        "num_connections": connections,
        "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_060},
        "connection_info": {"app_id": APP_ID},
    }


def goodbye(reason: str) -> JsonObject:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
