"""A read serves everybody who asked before it began, and nobody who asked after."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest

from storage.database import Database
from storage.shared import Shared


@asynccontextmanager
async def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'rollout.db'}")
    try:
        yield made
    finally:
        await made.close()


async def test_those_who_ask_before_it_begins_are_served_by_one_read(tmp_path):
    runs = []
    async with database(tmp_path) as store:
        shared: Shared[int] = Shared()
        asked = (shared.read(store, "a", lambda _: runs.append(1) or len(runs)) for _ in range(5))
        assert await asyncio.gather(*asked, shared.read(store, "b", lambda _: 7)) == [1, 1, 1, 1, 1, 7]


async def test_who_asks_after_it_began_is_served_by_another(tmp_path):
    began, go = threading.Event(), threading.Event()

    def slow(_):
        began.set()
        return go.wait(10) and "old"

    async with database(tmp_path) as store:
        shared: Shared[str] = Shared()
        first = asyncio.create_task(shared.read(store, "a", slow))
        await asyncio.to_thread(began.wait, 10)
        assert await shared.read(store, "a", lambda _: "new") == "new"
        go.set()
        assert await first == "old"


async def test_who_stops_waiting_takes_nothing_from_the_others(tmp_path):
    async with database(tmp_path) as store:
        shared: Shared[str] = Shared()
        first, second = (asyncio.create_task(shared.read(store, "a", lambda _: "read")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "read"
        assert first.cancelled()


async def test_a_read_that_failed_is_read_again(tmp_path):
    def broken(_):
        raise KeyError("gone")

    async with database(tmp_path) as store:
        shared: Shared[str] = Shared()
        with pytest.raises(KeyError):
            await shared.read(store, "a", broken)
        assert await shared.read(store, "a", lambda _: "read") == "read"
