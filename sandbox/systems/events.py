"""GitHub events: a generator that publishes them, and the org-brain's consumer that works on them."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig

from sandbox.systems.inventory import INVENTORY
from sandbox.systems.org_brain import EVENTS_PER_SECOND, OrgBrain

STREAM = "GH"
DURABLE = "CODEX"
SUBJECTS = ("gh.pull_request.opened", "gh.pull_request.synchronize", "gh.release.published")
TICK = 0.05
BATCH = 256
STRIDE = 21
KEPT_SECONDS = 72 * 3600.0


@dataclass(frozen=True)
class Delivery:
    """One webhook of GitHub."""

    number: int

    @property
    def subject(self) -> str:
        # Three kinds and fifty repositories share no factor: every repository sees every kind.
        return SUBJECTS[self.number % len(SUBJECTS)]

    @property
    def repo(self) -> str:
        # By strides, so that neighbours in the list, such as a canary's five, do not come in bursts.
        return INVENTORY[self.number * STRIDE % len(INVENTORY)]


def event_type(subject: str) -> str:
    """`gh.pull_request.opened` is a `pull_request`."""
    return subject.split(".")[1]


@dataclass
class EventFlow:
    """Events on a real stream; each stands for `speed` of them, so the scaled clock sees a steady rate."""

    brain: OrgBrain
    speed: float
    nats_url: str | None
    _client: Client | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _ended: bool = False

    async def begin(self) -> None:
        """Make the stream and its durable, and let the events flow; without a server they are only counted."""
        if self.nats_url is None:
            self._tasks = [asyncio.create_task(self._count_only())]
            return
        self._client = await nats.connect(
            self.nats_url,
            name="guard-codex",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            error_cb=_quietly,
        )
        jetstream = self._client.jetstream()
        await _make_stream(jetstream)
        self._tasks = [
            asyncio.create_task(self._publish(self._client)),
            asyncio.create_task(self._consume(jetstream)),
        ]

    async def end(self) -> None:
        # nats-py's fetch can take a cancellation for a timeout, so the loop is told as well.
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def _publish(self, client: Client) -> None:
        start = secrets.token_hex(4)
        for due in _paced():
            for delivery in due:
                body = {"repo": delivery.repo, "pr": 100 + delivery.number % 50, "delivery": delivery.number}
                try:
                    # Without waiting for an ack, as the real guard-api does it.
                    await client.publish(
                        delivery.subject,
                        json.dumps(body).encode(),
                        headers={"Nats-Msg-Id": f"{start}-{delivery.number}"},
                    )
                except NatsError:
                    break
            await asyncio.sleep(TICK)

    async def _consume(self, jetstream: JetStreamContext) -> None:
        subscription = await jetstream.pull_subscribe_bind(DURABLE, STREAM)
        while not self._ended:
            if not self.brain.working:
                await asyncio.sleep(TICK)
                continue
            try:
                messages = await subscription.fetch(BATCH, timeout=TICK)
            except TimeoutError:
                continue
            except NatsError:
                await asyncio.sleep(TICK)
                continue
            await self._work(messages)

    async def _work(self, messages: list[Msg]) -> None:
        if not self.brain.working:
            # Stopped while they were on their way: they come again after the next start.
            for message in messages:
                await message.nak()
            return
        seen: Counter[tuple[str, str]] = Counter()
        for message in messages:
            seen[_repo(message), event_type(message.subject)] += 1
        for (repo, kind), amount in seen.items():
            self.brain.process(repo, kind, amount * self.speed)
        for message in messages:
            await message.ack()

    async def _count_only(self) -> None:
        for due in _paced():
            for delivery in due if self.brain.working else []:
                self.brain.process(delivery.repo, event_type(delivery.subject), self.speed)
            await asyncio.sleep(TICK)


def _paced() -> Iterator[list[Delivery]]:
    """Say at each call which deliveries are due now; after a pause it goes on without a burst."""
    clock = asyncio.get_running_loop().time
    numbers = count()
    due_at = clock()
    while True:
        due: list[Delivery] = []
        due_at = max(due_at, clock() - 1)
        while due_at <= clock():
            due.append(Delivery(next(numbers)))
            due_at += 1 / EVENTS_PER_SECOND
        yield due


def _repo(message: Msg) -> str:
    try:
        return str(json.loads(message.data)["repo"])
    except (ValueError, LookupError, TypeError):
        # Somebody else's message on our subjects: it belongs to no repository that we work on.
        return ""


async def _make_stream(jetstream: JetStreamContext) -> None:
    await jetstream.add_stream(
        StreamConfig(name=STREAM, subjects=["gh.>"], retention=RetentionPolicy.LIMITS, max_age=KEPT_SECONDS)
    )
    await jetstream.add_consumer(
        STREAM,
        ConsumerConfig(durable_name=DURABLE, ack_policy=AckPolicy.EXPLICIT, filter_subject="gh.*.*"),
    )


async def _quietly(_: Exception) -> None:
    """Reconnects are the test's business; the library's own report would only repeat them."""
