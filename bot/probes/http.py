"""The http probe: one GET, of whose answer a part is the reading."""

from typing import Final

from bot.domain.probes import HttpProbe, HttpReads
from bot.probes.answers import Answer, Refused, chosen, get, parsed
from bot.probes.scene import Found, Scene, Unread

_BAD: Final = 400
# These need the whole answer; a status, a header or a CORS answer is there before the first byte of the body.
_WHOLE: Final = frozenset({HttpReads.JSON, HttpReads.TEXT, HttpReads.LATENCY})
_ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"


class HttpAnswer:
    """Reads a status, a header, a JSON value, the text, the seconds, or the CORS answer."""

    def source(self, probe: HttpProbe) -> str:
        part = {
            HttpReads.STATUS: "",
            HttpReads.HEADER: f", header {probe.header}",
            HttpReads.JSON: f", {probe.path or 'the whole JSON'}",
            HttpReads.TEXT: ", text",
            HttpReads.LATENCY: ", seconds to answer",
            HttpReads.CORS: f", {_ALLOW_ORIGIN} for {probe.origin}",
        }[probe.reads]
        return f"GET {probe.get} of {probe.system}{part}"

    async def read(self, probe: HttpProbe, scene: Scene) -> Found:
        try:
            answer = await get(
                scene, probe.system, probe.get, probe.timeout, headers=_asked(probe), body=probe.reads in _WHOLE
            )
        except Refused:
            if probe.reads is HttpReads.STATUS and probe.refused_as is not None:
                return Found(probe.refused_as, adds="connection refused")
            raise
        if probe.reads is HttpReads.STATUS:
            return Found(answer.status)
        # A part of an error, or of a page somewhere else, says nothing about what was asked.
        if answer.elsewhere:
            raise Unread(f"{answer.shown} sends us to another address for {probe.get}, which is not followed")
        if answer.status >= _BAD:
            raise Unread(f"{answer.shown} answers {probe.get} with status {answer.status}; see its log")
        return Found(_part(probe, answer))


def _asked(probe: HttpProbe) -> dict[str, str]:
    if probe.reads is not HttpReads.CORS:
        return {}
    if not probe.origin:
        raise Unread(f"the probe of {probe.get} names no origin to ask as; add `origin:`")
    return {"Origin": probe.origin}


def _part(probe: HttpProbe, answer: Answer) -> bool | float | str:
    match probe.reads:
        case HttpReads.JSON:
            return chosen(parsed(answer.body, answer.shown), probe.path, answer.shown)
        case HttpReads.TEXT:
            return answer.body.decode(errors="replace").strip()
        case HttpReads.LATENCY:
            return answer.seconds
        case HttpReads.CORS:
            # Without the header no other origin may read: that is an answer, not a missing one.
            return answer.headers.get(_ALLOW_ORIGIN, "")
        case _:
            return _header(probe, answer)


def _header(probe: HttpProbe, answer: Answer) -> str:
    value = answer.headers.get(probe.header or "")
    if value is None:
        raise Unread(f"the answer of {answer.shown} to {probe.get} has no header {probe.header}")
    return value
