"""Kept: small texts that outlive a process."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import col, select

from storage import upserts
from storage.database import Database
from storage.lease import Fence
from storage.session import Session
from storage.statements import Statement
from storage.tables import KeptRow

_GET: Final = Statement(lambda _: select(KeptRow.text).where(col(KeptRow.name) == bindparam("name")))
_PUT: Final = upserts.over(KeptRow, ("name", "text"))


@dataclass(frozen=True)
class Kept:
    """The texts, as `bot.ports.Kept` promises them."""

    database: Database
    lease: Fence

    async def get(self, name: str) -> str | None:
        found = await self.database.read(lambda session: _GET.first(session, name=name))
        return None if found is None else str(found[0])

    async def put(self, name: str, text: str) -> None:
        def work(session: Session) -> None:
            self.lease.check(session)
            _PUT.run(session, name=name, text=text)

        await self.database.write(work)
