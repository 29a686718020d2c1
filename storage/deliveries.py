"""Deliveries: by which keys Slack's repeats are known, kept with the first write that a delivery led to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete
from sqlmodel import col, select

from bot.ports import Delivery, Repeated
from storage import upserts
from storage.database import Database
from storage.lease import Fence
from storage.moments import read
from storage.session import Session
from storage.statements import Statement
from storage.tables import DeliveryRow

_REMEMBER: Final = upserts.if_new(DeliveryRow, ("key", "at"))
_AT: Final = Statement(lambda _: select(DeliveryRow.at).where(col(DeliveryRow.key) == bindparam("key")))
_FORGET: Final = Statement(lambda _: delete(DeliveryRow).where(col(DeliveryRow.at) < bindparam("before")))


def remember(session: Session, delivery: Delivery, at: datetime) -> None:
    """Note every key, in the transaction of the session; Repeated when one of them is known."""
    rows = [{"key": key, "at": at} for key in dict.fromkeys(delivery.keys)]
    if _REMEMBER.run_all(session, rows) != len(rows):
        raise Repeated("this was delivered before, and recorded then")


@dataclass(frozen=True)
class Deliveries:
    """What was delivered, as `bot.ports.Deliveries` promises it."""

    database: Database
    lease: Fence

    async def seen(self, keys: Iterable[str]) -> datetime | None:
        asked = tuple(dict.fromkeys(keys))

        def work(session: Session) -> datetime | None:
            found = (_AT.first(session, key=key) for key in asked)
            return min((read(row[0]) for row in found if row is not None), default=None)

        return await self.database.read(work) if asked else None

    async def forget(self, before: datetime) -> int:
        def work(session: Session) -> int:
            self.lease.check(session)
            return _FORGET.run(session, before=before)

        return await self.database.write(work)
