"""Events on the real nats-server: published, kept, worked on, and waiting while the org-brain is stopped."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import nats
import pytest

from sandbox.systems.events import Delivery
from sandbox.systems.inventory import INVENTORY
from sandbox.systems.nats_server import find_binary

Eventually = Callable[..., Awaitable[None]]

needs_nats = pytest.mark.skipif(find_binary() is None, reason="nats-server is missing")


@needs_nats
async def test_the_stream_carries_the_events_and_the_durable_works_them_off(
    nats_reader: Any, eventually: Eventually
) -> None:
    client = await nats.connect(nats_reader.systems.environment["CODEX_NATS_URL"])
    try:
        jetstream = client.jetstream()
        assert await jetstream.find_stream_name_by_subject("gh.pull_request.opened") == "GH"

        async def acked() -> bool:
            consumer = await jetstream.consumer_info("GH", "CODEX")
            return bool(consumer.ack_floor and consumer.ack_floor.stream_seq > 60)

        await eventually(acked)
        stream = await jetstream.stream_info("GH")
        assert stream.config.subjects == ["gh.>"]
        assert stream.config.max_age == 72 * 3600
        message = await jetstream.get_msg("GH", 1)
        assert (message.headers or {})["Nats-Msg-Id"].endswith("-0")
        again = await jetstream.publish(message.subject or "", message.data or b"", headers=message.headers)
        assert again.duplicate
    finally:
        await client.close()


@needs_nats
async def test_events_wait_in_the_stream_while_the_service_is_stopped(nats_reader: Any, eventually: Eventually) -> None:
    brain = nats_reader.systems.brain
    client = await nats.connect(nats_reader.systems.environment["CODEX_NATS_URL"])
    try:
        jetstream = client.jetstream()

        async def waiting() -> int:
            return (await jetstream.consumer_info("GH", "CODEX")).num_pending or 0

        async def piled_up() -> bool:
            return await waiting() > 30

        async def worked_off() -> bool:
            counted = brain.run.workload.meters.value("codex_events_processed", "pull_request", "ok")
            return counted > 0 and await waiting() < 10

        await brain.stop(None)
        await eventually(piled_up)
        await brain.start(None)
        await eventually(worked_off)
    finally:
        await client.close()


@needs_nats
async def test_a_message_of_somebody_else_does_no_harm(nats_reader: Any, eventually: Eventually) -> None:
    brain = nats_reader.systems.brain
    client = await nats.connect(nats_reader.systems.environment["CODEX_NATS_URL"])
    try:
        await client.jetstream().publish("gh.release.published", b"no json")
    finally:
        await client.close()
    before = brain.run.workload.meters.value("codex_events_processed", "release", "ok")

    def goes_on() -> bool:
        return bool(brain.run.workload.meters.value("codex_events_processed", "release", "ok") > before + 6000)

    await eventually(goes_on)


async def test_without_a_server_the_events_are_still_counted(reader: Any, eventually: Eventually) -> None:
    brain = reader.systems.brain
    before = brain.run.workload.meters.value("codex_events_processed", "release", "ok")

    def counts() -> bool:
        return bool(brain.run.workload.meters.value("codex_events_processed", "release", "ok") > before + 6000)

    await eventually(counts)
    assert "CODEX_NATS_URL" not in reader.systems.environment


def test_every_repository_sees_every_kind_and_a_canarys_five_come_evenly() -> None:
    deliveries = [Delivery(number) for number in range(150)]
    five = [delivery.number for delivery in deliveries if delivery.repo in INVENTORY[:5]]

    assert len({(delivery.repo, delivery.subject) for delivery in deliveries}) == 150
    assert max(later - earlier for earlier, later in pairwise(five)) <= 12
