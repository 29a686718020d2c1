"""Both players of each port: what holds for the twin has to hold for the real one, word by word."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.plans.canonical import digest
from bot.ports import Buttons, Ledger, Outbox, RolloutStore, TimerStore
from bot.rehearsal.buttons import RehearsalButtons
from bot.rehearsal.ledger import RehearsalLedger
from bot.rehearsal.outbox import RehearsalOutbox
from bot.rehearsal.rollouts import RehearsalRollouts
from bot.rehearsal.timers import RehearsalTimers
from storage.opened import opened
from tests.storage.samples import HandClock


@dataclass(frozen=True)
class Stores:
    """The memory of one process, played by a twin or by a database."""

    clock: HandClock
    rollouts: RolloutStore
    timers: TimerStore
    outbox: Outbox
    buttons: Buttons
    ledger: Ledger


def twins(clock: HandClock) -> Stores:
    timers, outbox, ledger = RehearsalTimers(), RehearsalOutbox(), RehearsalLedger()
    rollouts = RehearsalRollouts(clock, timers, outbox, ledger, digest)
    return Stores(clock, rollouts, timers, outbox, RehearsalButtons(), ledger)


@pytest.fixture(params=["twin", "sqlite"])
async def stores(request: Any, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = HandClock()
    if request.param == "twin":
        yield twins(clock)
        return
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'rollouts.db'}", clock) as memory:
        await memory.lease.acquire()
        yield Stores(clock, memory.rollouts, memory.timers, memory.outbox, memory.buttons, memory.ledger)
