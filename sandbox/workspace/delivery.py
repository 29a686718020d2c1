"""Getting a payload to the app: deadlines, redelivery of events, and doubled or reordered deliveries."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from sandbox.workspace.chance import Chance, Woe
from sandbox.workspace.faults import Faults
from sandbox.workspace.state import JsonObject

# How long a held-back payload waits for another one to overtake it.
OVERTAKING = 1.0


class Kind(StrEnum):
    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


class Missed(StrEnum):
    NO_APP = "no_app_connected"
    TIMEOUT = "timeout"
    HTTP_ERROR = "http_error"


@dataclass(frozen=True)
class Ack:
    ms: float
    payload: object = None


@dataclass(frozen=True)
class Parcel:
    kind: Kind
    payload: JsonObject
    accepts_response: bool = False
    retry_attempt: int = 0
    retry_reason: str = ""
    envelope_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Line(Protocol):
    """One attempt to reach the app, by socket or by HTTP."""

    async def send(self, parcel: Parcel, deadline: float) -> Ack | Missed: ...

    async def cut(self) -> None:
        """End the connections of this moment, where the line keeps any."""
        ...


@dataclass(frozen=True)
class Timing:
    """Real seconds: the deadline of an acknowledgement, and the pauses before each redelivery of an event."""

    ack_deadline: float = 3.0
    retry_pauses: tuple[float, ...] = (0.0, 60.0, 300.0)


REASONS = {Missed.NO_APP: "connection_failed", Missed.TIMEOUT: "timeout", Missed.HTTP_ERROR: "http_error"}


class Courier:
    def __init__(
        self, line: Line, timing: Timing, faults: Callable[[], Faults], chance: Callable[[], Chance] = Chance
    ) -> None:
        self.line = line
        self.timing = timing
        self._faults = faults
        self._chance = chance
        self._held: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, parcel: Parcel) -> Ack | Missed:
        """Deliver once and wait for the answer; the platform never redelivers commands and clicks."""
        woe = self._chance().strike(Woe)
        await self._let_another_overtake(woe)
        if self._faults().duplicate_deliveries or woe is Woe.DUPLICATE:
            self._start(self._again(replace(parcel, envelope_id=str(uuid.uuid4()))))
        return await self._carry(parcel, woe)

    def tell(self, event: JsonObject) -> None:
        """Deliver an event in the background, up to three more times when nobody acknowledges it."""
        self._start(self._insist(Parcel(Kind.EVENT, event)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _insist(self, parcel: Parcel) -> None:
        woe = self._chance().strike(Woe)
        await self._let_another_overtake(woe)
        if self._faults().duplicate_deliveries or woe is Woe.DUPLICATE:
            self._start(self._again(replace(parcel, retry_attempt=1, retry_reason="timeout")))
        answer = await self._carry(parcel, woe)
        for attempt, pause in enumerate(self.timing.retry_pauses, start=1):
            if isinstance(answer, Ack):
                return
            await asyncio.sleep(pause)
            # The envelope keeps its id, as Slack's retries after a timeout may.
            again = replace(parcel, retry_attempt=attempt, retry_reason=REASONS[answer])
            answer = await self._carry(again, self._chance().strike(Woe))

    async def _carry(self, parcel: Parcel, woe: Woe | None) -> Ack | Missed:
        """One attempt, with what befalls it on the way."""
        deadline = self.timing.ack_deadline
        if woe is Woe.DISCONNECT:
            await self.line.cut()
            return Missed.NO_APP
        if woe is Woe.LATE:
            # The person's three seconds run meanwhile; what arrives late is answered too late.
            late = min(self._chance().seconds(), deadline / 2)
            await asyncio.sleep(late)
            deadline -= late
        answer = await self.line.send(parcel, deadline)
        return Missed.TIMEOUT if woe is Woe.LOSE_ANSWER else answer

    async def _again(self, parcel: Parcel) -> None:
        await self.line.send(parcel, self.timing.ack_deadline)

    async def _let_another_overtake(self, woe: Woe | None) -> None:
        if self._held is not None:
            self._held.set()
            self._held = None
        elif self._faults().reorder_deliveries or woe is Woe.REORDER:
            overtaken = self._held = asyncio.Event()
            try:
                await asyncio.wait_for(overtaken.wait(), OVERTAKING)
                # The overtaker is on its way; one turn of the loop lets its frame leave first.
                await asyncio.sleep(0.02)
            except TimeoutError:
                self._held = None

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
