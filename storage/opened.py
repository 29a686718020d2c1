"""Opened: the whole memory of one process, made ready and closed again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bot.ports import Busy, Clock, Delivery
from storage.archive import Archive
from storage.buttons import Buttons
from storage.database import ENTER_WITHIN, Database
from storage.deliveries import Deliveries, remember
from storage.kept import Kept
from storage.lease import Fence, Lease, Unfenced
from storage.ledger import Ledger
from storage.orders import Orders
from storage.outbox import Outbox
from storage.rollouts import RolloutStore
from storage.session import Session
from storage.subscriptions import Subscriptions
from storage.timers import TimerStore
from storage.triggers import check_triggers
from storage.upgrade import upgrade_database


@dataclass(frozen=True)
class Memory:
    """Every store of one database. Nothing but reading works until `lease` is acquired."""

    database: Database
    lease: Lease
    rollouts: RolloutStore
    timers: TimerStore
    outbox: Outbox
    buttons: Buttons
    ledger: Ledger
    deliveries: Deliveries
    kept: Kept
    orders: Orders
    subscriptions: Subscriptions
    archive: Archive


@asynccontextmanager
async def opened(url: str, clock: Clock, *, fenced: bool = True, within: float = ENTER_WITHIN) -> AsyncIterator[Memory]:
    """Upgrade the database, check the ledger's triggers, hand out the stores; at the end give up the lease.

    `fenced=False` is for the command line on the host: it records beside the process that acts.
    Raises NewerDatabase, TriggersMissing, or Busy when the database could not be entered.
    """

    def note(session: Session, delivery: Delivery) -> None:
        remember(session, delivery, clock.real())

    database = Database(url, within=within, remember=note)
    alive = database.kind.alive()
    try:
        await upgrade_database(database)
        await database.read(check_triggers)
        lease = Lease(database, clock.real, alive=alive)
        yield _stores(database, clock, lease, lease if fenced else Unfenced())
        # Where the store is busy even now, the lock that is dropped below tells a successor as much.
        with suppress(Busy):
            await lease.release()
    finally:
        if alive is not None:
            alive.drop()
        await database.close()


def _stores(database: Database, clock: Clock, lease: Lease, fence: Fence) -> Memory:
    rollouts = RolloutStore(database, clock, fence)
    return Memory(
        database,
        lease,
        rollouts,
        TimerStore(database, fence),
        Outbox(database, fence),
        Buttons(database, fence),
        Ledger(database, clock, fence),
        Deliveries(database, fence),
        Kept(database, fence),
        Orders(database, fence),
        Subscriptions(database, fence),
        Archive(database, rollouts),
    )
