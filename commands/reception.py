"""Reception: where both lines hand in what arrived; what is not for us or comes too fast gets no further."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.ports import DELIVERY
from bot.views.message import Message
from commands.arrivals import Arrival, Arrived, Kind
from commands.fairness import Fairness
from commands.payloads import Body, errors, shown

_LOG: Final = structlog.get_logger(__name__)
Listener = Callable[[AsyncAck, Body], Awaitable[None]]
OK: Final = 200
ELSEWHERE: Final = 403
TOO_MANY: Final = 429
FAST: Final = Message("You are asking faster than I can answer; nothing was recorded.")


class Answer(NamedTuple):
    """A status and a body as JSON text, "" for none; `slow` when it need not be quick, since it says no to haste."""

    status: int
    text: str = ""
    slow: bool = False


class Gauge(Protocol):
    """Counts what arrives and whether Slack's socket stands; neither waits nor raises."""

    def delivered(self, kind: str, outcome: str, seconds: float) -> None: ...

    def socket(self, why: str) -> None:
        """There is a socket now (""), or there is none, and why."""
        ...


class Unmeasured:
    """Where nobody counts."""

    def delivered(self, kind: str, outcome: str, seconds: float) -> None: ...

    def socket(self, why: str) -> None: ...


@dataclass
class Reception:
    """One workspace's reception; `identity` is what `auth.test` said.

    `listeners` are those of the app's that listen to a command, by its word.
    """

    app: AsyncApp
    identity: Mapping[str, str]
    fairness: Fairness
    gauge: Gauge = field(default_factory=Unmeasured)
    listeners: Mapping[str, Listener] = field(default_factory=dict)

    async def take(self, arrival: Arrival, *, suspect: bool = False) -> Answer:
        """What to answer; 200 with nothing where there is nothing to say."""
        began = time.monotonic()
        answer = await self._taken(arrival, suspect=suspect)
        self.gauge.delivered(arrival.kind.value, _outcome(answer), time.monotonic() - began)
        return answer

    async def _taken(self, arrival: Arrival, *, suspect: bool) -> Answer:
        if not self._is_ours(arrival):
            _LOG.warning("delivery.elsewhere", team=arrival.team, app=arrival.app, kind=str(arrival.kind))
            return Answer(ELSEWHERE, slow=True)
        if not self.fairness.enter(arrival.person):
            return _too_fast(arrival)
        token = DELIVERY.set(Arrived(arrival.keys, suspect=suspect))
        try:
            return _answer(arrival, await self._dispatched(arrival))
        finally:
            DELIVERY.reset(token)
            self.fairness.leave(arrival.person)

    def _is_ours(self, arrival: Arrival) -> bool:
        app = self.identity.get("app_id")
        return arrival.team == self.identity["team_id"] and (not app or arrival.app == app)

    async def _dispatched(self, arrival: Arrival) -> BoltResponse:
        # Most of what arrives is a command, and Bolt's way to its one listener costs a third of all that it costs.
        listener = self.listeners.get(arrival.body["command"]) if arrival.kind is Kind.COMMAND else None
        if listener is not None and "ssl_check" not in arrival.body:
            ack = AsyncAck()  # type: ignore[no-untyped-call]
            await listener(ack, arrival.body)
            if ack.response is not None:
                return ack.response
        # Read and checked by now, so that Bolt neither verifies nor parses again.
        return await self.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=dict(arrival.body)))


def _outcome(answer: Answer) -> str:
    if answer.slow:
        return "elsewhere" if answer.status == ELSEWHERE else "too-fast"
    return "answered" if answer.status == OK else "failed"


def _too_fast(arrival: Arrival) -> Answer:
    if arrival.kind is Kind.COMMAND:
        return Answer(OK, _json(shown(FAST)), slow=True)
    if arrival.kind is Kind.FORM:
        return Answer(OK, _json(errors(arrival.body["view"], FAST)), slow=True)
    # A press shows Slack's own sign of failure; an event is delivered again, later.
    return Answer(TOO_MANY, slow=True)


def _json(payload: dict[str, Any]) -> str:
    return BoltResponse(status=OK, body=payload).body


def _answer(arrival: Arrival, told: BoltResponse) -> Answer:
    if told.status != OK and arrival.kind is not Kind.COMMAND:
        # What nobody listens to (a link's button, a closed form, an event of no interest) is taken note of.
        return Answer(told.status if told.status >= 500 else OK)  # noqa: PLR2004 - the class of server errors
    return Answer(told.status, told.body or "")
