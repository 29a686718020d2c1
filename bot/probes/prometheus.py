"""The prometheus probe: one instant query that gives one number."""

import math
from typing import Final

from bot.domain.probes import PrometheusProbe
from bot.probes.answers import get, parsed
from bot.probes.scene import Found, Scene, Unread

_QUERY: Final = "/api/v1/query"
_OK: Final = 200
_PAIR: Final = 2


class PrometheusAnswer:
    """Reads the value of the only series; silence, NaN and several series are no reading."""

    def source(self, probe: PrometheusProbe) -> str:
        return f"{probe.system}: {' '.join(probe.query.split())}"

    async def read(self, probe: PrometheusProbe, scene: Scene) -> Found:
        value = await _ask(probe, probe.query, scene)
        if probe.samples is None:
            return Found(value)
        try:
            count = await _ask(probe, probe.samples, scene)
        except Unread as unread:
            return Found(value, trouble=f"samples: {unread.trouble}")
        # `increase()` extrapolates: what is counted are whole samples.
        return Found(value, samples=max(0, math.floor(count)))


async def _ask(probe: PrometheusProbe, query: str, scene: Scene) -> float:
    asked = {"query": query, "timeout": f"{max(1, round(probe.timeout.total_seconds() * 1000))}ms"}
    answer = await get(scene, probe.system, _QUERY, probe.timeout, params=asked)
    try:
        document = parsed(answer.body, answer.shown)
    except Unread:
        if answer.status == _OK:
            raise
        raise Unread(f"{answer.shown} answers with status {answer.status}; see its log") from None
    if not isinstance(document, dict):
        raise Unread(f"{answer.shown} does not answer as Prometheus does; check the address")
    if answer.status != _OK or document.get("status") != "success":
        said = str(document.get("error", "no reason given"))[:200]
        raise Unread(f"{answer.shown} refuses the query (status {answer.status}): {said}")
    if warnings := document.get("warnings"):
        said = "; ".join(map(str, warnings))[:200] if isinstance(warnings, list) else str(warnings)[:200]
        raise Unread(f"{answer.shown} warns, so the answer may be partial: {said}")
    return _number(document.get("data"), answer.shown)


def _number(data: object, who: str) -> float:
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind == "vector" and isinstance(result, list):
        if not result:
            raise Unread(f"the query gives no series at {who} (a wrong metric name looks the same)")
        if len(result) > 1:
            raise Unread(f"the query gives {len(result)} series at {who}, not one number; aggregate it")
        result = result[0].get("value") if isinstance(result[0], dict) else None
    elif kind != "scalar":
        raise Unread(f"the query gives a {kind or 'shapeless answer'} at {who}, not one number")
    return _finite(result, who)


def _finite(pair: object, who: str) -> float:
    try:
        value = float(pair[1]) if isinstance(pair, list) and len(pair) == _PAIR else None
    except (TypeError, ValueError):
        value = None
    if value is None:
        raise Unread(f"{who} does not answer as Prometheus does; check the address")
    if not math.isfinite(value):
        raise Unread(f"the query gives {value} at {who}: there is not enough behind it to be a number")
    return value
