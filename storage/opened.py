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
from storage.line import DATABASE_ERRORS
from storage.orders import Orders
from storage.outbox import Outbox
from storage.rollouts import RolloutStore
from storage.session import Session
from storage.subscriptions import Subscriptions
from storage.timers import TimerStore
from storage.triggers import check_triggers
from storage.upgrade import OlderDatabase, check_revision, upgrade_database


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
async def opened(
    url: str, clock: Clock, *, fenced: bool = True, within: float = ENTER_WITHIN, beside: bool = False
) -> AsyncIterator[Memory]:
    """Upgrade the database, check the ledger's triggers, hand out the stores; at the end give up the lease.

    `fenced=False` is for the command line on the host: it records beside the process that acts. `beside` leaves a
    database of an older version as it is while the process that acts is alive: that one could not start again on
    an upgraded one. Raises NewerDatabase, OlderDatabase, TriggersMissing, or Busy when it could not be entered.
    """

    def note(session: Session, delivery: Delivery) -> None:
        remember(session, delivery, clock.real())

    database = Database(url, within=within, remember=note)
    alive = database.kind.alive()
    try:
        lease = Lease(database, clock.real, alive=alive)
        await _fit(database, lease, beside=beside)
        try:
            yield _stores(database, clock, lease, lease if fenced else Unfenced())
        finally:
            # Also when the process is told to end, which is the only way in which the bot ends: whatever acted has
            # ended by now. Where the store is busy even now, a successor waits, or sees the lock that is dropped below.
            with suppress(Busy, *DATABASE_ERRORS):
                await lease.release()
    finally:
        if alive is not None:
            alive.drop()
        await database.close()


async def _fit(database: Database, lease: Lease, *, beside: bool) -> None:
    """Have the database at this code's revision, with the triggers that it must have."""
    try:
        await check_revision(database)
    except OlderDatabase:
        holder = await lease.read() if beside else None
        if holder is not None and holder.alive:
            raise
        await upgrade_database(database)
    await database.read(check_triggers)


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
