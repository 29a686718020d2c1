"""Answers: one GET to a system of the plan, bounded in time and size, and the values in a JSON text."""

import asyncio
import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiohttp
import jmespath
from jmespath.exceptions import JMESPathError
from yarl import URL

from bot.probes.scene import Scene, Unread
from bot.reach.addresses import Address, NoAddress, address
from bot.reach.guard import Visit

BODY_CAP: Final = 1024 * 1024
_REDIRECTS: Final = 3
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LARGEST: Final = 2**1023


class Refused(Unread):
    """The connection was refused: nobody listens there."""


@dataclass(frozen=True)
class Answer:
    """What came back, with the seconds from the question to the last byte that was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    shown: str

    @property
    def elsewhere(self) -> bool:
        """Whether it sends us on; within the same host that was followed already."""
        return self.status in _MOVED


async def get(
    scene: Scene,
    system: str,
    path: str,
    limit: timedelta,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bool = True,
) -> Answer:
    """GET, within `limit` in all; raises Unread. Only redirects on the same scheme, host and port are followed."""
    try:
        where = address(scene.phase, system, path, scene.secrets)
    except NoAddress as trouble:
        raise Unread(str(trouble)) from None
    url = where.url.update_query(params) if params else where.url
    # A compressed answer could be far larger than it looks.
    asked = {"Accept-Encoding": "identity", **where.headers, **(headers or {})}
    begun = asyncio.get_running_loop().time()
    async with scene.guard.visit(where, aiohttp.ClientTimeout(total=None)) as visit:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                status, got, raw = await _follow(visit.session, where, url, asked, body=body)
        except (aiohttp.ClientError, ValueError, OSError) as trouble:  # a timeout is an OSError
            raise _unread(trouble, where, visit, limit) from None
    return Answer(status, got, raw, asyncio.get_running_loop().time() - begun, where.shown)


def _unread(trouble: Exception, where: Address, visit: Visit, limit: timedelta) -> Unread:
    if isinstance(trouble, TimeoutError):
        return Unread(f"no whole answer from {where.shown} within {_seconds(limit)}; see whether it hangs")
    if isinstance(trouble, aiohttp.ClientConnectorError):
        if visit.no:
            return Unread(f"{where.shown} {visit.no}")
        if trouble.os_error.errno == errno.ECONNREFUSED:
            return Refused(f"{where.shown} refuses the connection; see whether it runs")
        return Unread(f"{where.shown} cannot be reached; check the address and the network")
    return Unread(f"{where.shown} broke off or did not speak HTTP ({type(trouble).__name__}); see its log")


async def _follow(
    session: aiohttp.ClientSession, where: Address, url: URL, asked: dict[str, str], *, body: bool
) -> tuple[int, Mapping[str, str], bytes]:
    for hop in range(_REDIRECTS + 1):
        async with session.get(url, headers=asked, allow_redirects=False) as answer:
            onward = _onward(answer, where)
            if onward is None or hop == _REDIRECTS:
                return answer.status, answer.headers, await _body(answer, where) if body else b""
            url = onward
    raise AssertionError("the last hop returns")


def _onward(answer: aiohttp.ClientResponse, where: Address) -> URL | None:
    if answer.status not in _MOVED or "Location" not in answer.headers:
        return None
    try:
        onward = answer.url.join(URL(answer.headers["Location"])).with_user(None)
    except ValueError:
        return None
    return onward if where.at_home(onward) else None


async def _body(answer: aiohttp.ClientResponse, where: Address) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unread(f"{where.shown} answers compressed although it was asked not to")
    raw = bytearray()
    async for chunk in answer.content.iter_any():
        raw += chunk
        if len(raw) > BODY_CAP:
            raise Unread(f"the answer of {where.shown} is longer than 1 MiB; ask for less")
    return bytes(raw)


def parsed(text: str | bytes, who: str) -> object:
    """The JSON of an answer; NaN and Infinity are not JSON."""
    try:
        document: object = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unread(f"{who} does not answer in JSON; check what is asked for") from None
    return document


def chosen(document: object, path: str | None, who: str) -> bool | float | str:
    """The value that a JMESPath picks. A list or a mapping reads as its JSON text; nothing there is Unread."""
    try:
        value: object = jmespath.search(path, document) if path else document
    except (JMESPathError, RecursionError) as trouble:
        raise Unread(f"the path {path} cannot be applied to the answer of {who}: {_first_line(trouble)}") from None
    if value is None:
        raise Unread(f"the answer of {who} has nothing at {path or 'its top'}; check the path and the version there")
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        if abs(value) > _LARGEST:
            raise Unread(f"the number at {path or 'the top'} in the answer of {who} is too large to be one")
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _no_number(text: str) -> float:
    raise ValueError(text)


def _first_line(trouble: BaseException) -> str:
    return (str(trouble).splitlines() or [type(trouble).__name__])[0][:200]


def _seconds(limit: timedelta) -> str:
    return f"{limit.total_seconds():g} s"
