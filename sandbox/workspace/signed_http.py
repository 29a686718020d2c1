"""HTTP delivery: signed requests to the app's request URL, the other way to run an app without sockets."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from sandbox.workspace.delivery import Ack, Kind, Missed, Parcel


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class SignedHttp:
    """The `Line` of HTTP mode: events as JSON, commands as a form, the rest as a form with `payload`."""

    def __init__(self, request_url: str, signing_secret: str, clock_off: float = 0.0) -> None:
        self._url = request_url
        self._clock_off = clock_off
        self._secret = signing_secret
        self._session: ClientSession | None = None

    async def send(self, parcel: Parcel, deadline: float) -> Ack | Missed:
        session = self._session = self._session or ClientSession()
        body, headers = self._write(parcel)
        began = time.perf_counter()
        try:
            async with session.post(
                self._url, data=body, headers=headers, timeout=ClientTimeout(total=deadline)
            ) as response:
                answer = await response.text()
                status, kind = response.status, response.content_type
        except TimeoutError:
            return Missed.TIMEOUT
        except ClientConnectionError:
            return Missed.NO_APP
        if status != 200:
            return Missed.HTTP_ERROR
        return Ack((time.perf_counter() - began) * 1000, read_answer(answer, kind, parcel))

    async def cut(self) -> None:
        """Every request has a connection of its own; there is none to end."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _write(self, parcel: Parcel) -> tuple[bytes, dict[str, str]]:
        if parcel.kind is Kind.EVENT:
            body, content = json.dumps(parcel.payload).encode(), "application/json"
        else:
            flat = {name: "" if value is None else str(value) for name, value in parcel.payload.items()}
            form = flat if parcel.kind is Kind.COMMAND else {"payload": json.dumps(parcel.payload)}
            body, content = urlencode(form).encode(), "application/x-www-form-urlencoded"
        moment = str(int(time.time() - self._clock_off))
        headers = {
            "Content-Type": content,
            "X-Slack-Request-Timestamp": moment,
            "X-Slack-Signature": signature(self._secret, moment, body),
        }
        if parcel.retry_attempt:
            reason = {"timeout": "http_timeout"}.get(parcel.retry_reason, parcel.retry_reason)
            headers |= {"X-Slack-Retry-Num": str(parcel.retry_attempt), "X-Slack-Retry-Reason": reason}
        return body, headers


def read_answer(answer: str, content_type: str, parcel: Parcel) -> object:
    """Return what Slack would show or do: JSON as it is, any other text as a message."""
    if not parcel.accepts_response or not answer:
        return None
    if content_type == "application/json":
        parsed: object = json.loads(answer)
        return parsed
    return {"text": answer}
