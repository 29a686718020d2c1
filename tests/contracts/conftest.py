"""Both players of each port: what holds for the twin has to hold for the real one, word by word."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from bot.plans.canonical import digest
from bot.ports import (
    Buttons,
    Deliveries,
    Kept,
    Ledger,
    Orders,
    Outbox,
    RolloutStore,
    Subscriptions,
    TimerStore,
)
from bot.rehearsal.buttons import RehearsalButtons
from bot.rehearsal.deliveries import RehearsalDeliveries
from bot.rehearsal.kept import RehearsalKept
from bot.rehearsal.ledger import RehearsalLedger
from bot.rehearsal.orders import RehearsalOrders
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.rollouts import RehearsalRollouts
from bot.rehearsal.subscriptions import RehearsalSubscriptions
from bot.rehearsal.timers import RehearsalTimers
from storage.opened import opened
from tests.storage.samples import HandClock
from tests.storage.servers import postgres

__all__ = ["postgres"]


@dataclass(frozen=True)
class Stores:
    """The memory of one process, played by a twin or by a database."""

    clock: HandClock
    rollouts: RolloutStore
    timers: TimerStore
    outbox: Outbox
    buttons: Buttons
    ledger: Ledger
    deliveries: Deliveries
    kept: Kept
    orders: Orders
    subscriptions: Subscriptions


def twins(clock: HandClock) -> Stores:
    timers, outbox, ledger = RehearsalTimers(), RehearsalOutbox(), RehearsalLedger()
    rollouts = RehearsalRollouts(clock, timers, outbox, ledger, digest)
    small = RehearsalDeliveries(), RehearsalKept(), RehearsalOrders(), RehearsalSubscriptions()
    return Stores(clock, rollouts, timers, outbox, RehearsalButtons(), ledger, *small)


@pytest.fixture(params=["twin", "sqlite", "postgresql"])
async def stores(request: Any, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = HandClock()
    if request.param == "twin":
        yield twins(clock)
        return
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = server.fresh() if server else f"sqlite:///{tmp_path / 'rollouts.db'}"
    async with opened(url, clock) as memory:
        await memory.lease.acquire()
        yield Stores(*(getattr(memory, each.name, clock) for each in fields(Stores)))
