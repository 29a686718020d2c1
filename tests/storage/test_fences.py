"""The fence is read once in a transaction, and anew where the lease changed hands in that very transaction."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from bot.ports import LostLease
from storage.database import Database
from storage.lease import Lease
from storage.upgrade import upgrade_database


async def test_a_lease_that_changes_hands_among_the_works_of_one_transaction_is_lost(tmp_path):
    store = Database(f"sqlite:///{tmp_path / 'rollout.db'}")
    try:
        await upgrade_database(store)
        mine, theirs = (Lease(store, lambda: datetime.now(UTC), holder="host") for _ in range(2))
        await mine.acquire()
        begun, go = threading.Event(), threading.Event()
        holding = asyncio.create_task(store.write(lambda _: begun.set() or go.wait(10)))
        await asyncio.to_thread(begun.wait, 10)
        works = [
            asyncio.create_task(store.write(mine.check)),
            asyncio.create_task(theirs.acquire()),
            asyncio.create_task(store.write(mine.check)),
        ]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(holding, works[0])
        assert await works[1] == 2
        with pytest.raises(LostLease):
            await works[2]
    finally:
        await store.close()
