"""The sample Prometheus: `/api/v1/query` and `/api/v1/query_range` over the scraped history."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isinf, isnan

from aiohttp import web

from sandbox.systems.evaluate import Value, evaluate
from sandbox.systems.history import History
from sandbox.systems.meters import Labels
from sandbox.systems.moments import Moments
from sandbox.systems.promql import parse, seconds
from sandbox.systems.promql_tree import NotModelledError, QuerySyntaxError

MOST_POINTS = 11_000


class BadParameterError(Exception):
    """A parameter of the request cannot be read."""


class Prometheus:
    """Answers queries; `silent` makes every answer empty, `refresh` is called before each."""

    def __init__(
        self, history: History, clock: Moments, silent: Callable[[], bool], refresh: Callable[[], None]
    ) -> None:
        self._history = history
        self._clock = clock
        self._silent = silent
        self._refresh = refresh

    def app(self) -> web.Application:
        app = web.Application()
        for path, answer in (("/api/v1/query", self.query), ("/api/v1/query_range", self.query_range)):
            handler = self._handler(answer)
            app.router.add_get(path, handler)
            app.router.add_post(path, handler)
        for path in ("/-/healthy", "/-/ready"):
            app.router.add_get(path, _well)
        return app

    def query(self, given: Mapping[str, str]) -> dict[str, object]:
        """Answer an instant query."""
        at = _moment(given["time"]) if given.get("time") else self._clock.now().timestamp()
        value = self._value(given.get("query", ""), at)
        if isinstance(value, float):
            return {"resultType": "scalar", "result": [at, written(value)]}
        found = [{"metric": dict(element.labels), "value": [at, written(element.value)]} for element in value]
        return {"resultType": "vector", "result": found}

    def query_range(self, given: Mapping[str, str]) -> dict[str, object]:
        """Answer a query at each step from `start` to `end`."""
        start, end = _moment(given.get("start", "")), _moment(given.get("end", ""))
        step = _step(given.get("step", ""))
        if end < start:
            raise BadParameterError('invalid parameter "end": end timestamp must not be before start time')
        if (end - start) / step > MOST_POINTS:
            raise BadParameterError("exceeded maximum resolution of 11,000 points per timeseries")
        lines: dict[Labels, list[list[object]]] = {}
        for place in range(int((end - start) / step) + 1):
            at = start + place * step
            value = self._value(given.get("query", ""), at)
            for labels, number in [((), value)] if isinstance(value, float) else _pairs(value):
                lines.setdefault(labels, []).append([at, written(number)])
        result = [{"metric": dict(labels), "values": values} for labels, values in lines.items()]
        return {"resultType": "matrix", "result": result}

    def _value(self, query: str, at: float) -> Value:
        tree = parse(query)
        if self._silent():
            return []
        try:
            return evaluate(tree, self._history, at)
        except NotModelledError:
            return []

    def _handler(
        self, answer: Callable[[Mapping[str, str]], dict[str, object]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            given = {key: str(value) for key, value in (*request.query.items(), *(await request.post()).items())}
            self._refresh()
            try:
                return web.json_response({"status": "success", "data": answer(given)})
            except QuerySyntaxError as why:
                return _bad(f'invalid parameter "query": {why}')
            except BadParameterError as why:
                return _bad(str(why))

        return handle


def written(value: float) -> str:
    """Write a float as Prometheus does: shortest, never with an exponent."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value):
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def _pairs(vector: Value) -> list[tuple[Labels, float]]:
    return [] if isinstance(vector, float) else [(element.labels, element.value) for element in vector]


def _bad(why: str) -> web.Response:
    return web.json_response({"status": "error", "errorType": "bad_data", "error": why}, status=400)


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        read = datetime.fromisoformat(text)
    except ValueError as why:
        raise BadParameterError(f'cannot parse "{text}" to a valid timestamp') from why
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _step(text: str) -> float:
    try:
        step = float(text)
    except ValueError:
        step = seconds(text)
    if not step > 0:
        raise BadParameterError('invalid parameter "step": zero or negative query resolution step')
    return step


async def _well(_: web.Request) -> web.Response:
    return web.Response(text="Prometheus Server is Healthy.\n")
