"""Subscriptions: who wants to be told what by direct message."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, insert
from sqlmodel import col, select

from storage.database import Database
from storage.lease import Fence
from storage.session import Session
from storage.statements import Statement
from storage.tables import SubscriptionRow

_OF: Final = Statement(lambda _: select(SubscriptionRow.kind).where(col(SubscriptionRow.person) == bindparam("person")))
_PEOPLE: Final = Statement(
    lambda _: (
        select(SubscriptionRow.person)
        .where(col(SubscriptionRow.kind) == bindparam("kind"))
        .order_by(col(SubscriptionRow.person))
    )
)
_END: Final = Statement(lambda _: delete(SubscriptionRow).where(col(SubscriptionRow.person) == bindparam("person")))
_ADD: Final = Statement(lambda _: insert(SubscriptionRow).inline(), ("person", "kind"))


@dataclass(frozen=True)
class Subscriptions:
    """The subscriptions, as `bot.ports.Subscriptions` promises them."""

    database: Database
    lease: Fence

    async def of(self, person: str) -> frozenset[str]:
        rows = await self.database.read(lambda session: _OF.rows(session, person=person))
        return frozenset(kind for (kind,) in rows)

    async def people(self, kind: str) -> tuple[str, ...]:
        rows = await self.database.read(lambda session: _PEOPLE.rows(session, kind=kind))
        # By code point, whatever the database's collation.
        return tuple(sorted(person for (person,) in rows))

    async def put(self, person: str, kinds: Iterable[str]) -> None:
        wanted = tuple(dict.fromkeys(kinds))

        def work(session: Session) -> None:
            self.lease.check(session)
            _END.run(session, person=person)
            _ADD.run_all(session, [{"person": person, "kind": kind} for kind in wanted])

        await self.database.write(work)
