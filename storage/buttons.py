"""Buttons: opaque ids in Slack's hands for meanings that stay in ours."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import bindparam, insert
from sqlmodel import col, select

from bot.ports import Meaning
from storage.database import Database
from storage.lease import Fence
from storage.session import Session
from storage.statements import Statement
from storage.tables import ButtonRow

_BYTES: Final = 16
_ID: Final = Statement(
    lambda _: select(ButtonRow.id).where(*(getattr(ButtonRow, name) == bindparam(name) for name in ButtonRow.MEANING))
)
_MEANING: Final = Statement(
    lambda _: select(*(getattr(ButtonRow, name) for name in ButtonRow.MEANING)).where(
        col(ButtonRow.id) == bindparam("id")
    )
)
_MAKE: Final = Statement(lambda _: insert(ButtonRow).inline(), ("id", *ButtonRow.MEANING))


@dataclass(frozen=True)
class Buttons:
    """The meanings of buttons, as `bot.ports.Buttons` promises them."""

    database: Database
    lease: Fence

    async def ids(self, meanings: Sequence[Meaning]) -> tuple[str, ...]:
        """Ids in the order of the meanings; durable before they are returned."""
        known = await self.database.read(lambda session: [_known(session, meaning) for meaning in meanings])
        found = tuple(each for each in known if each is not None)
        if len(found) == len(meanings):
            return found

        def work(session: Session) -> tuple[str, ...]:
            self.lease.check(session)
            return tuple(_known(session, meaning) or _make(session, meaning) for meaning in meanings)

        return await self.database.write(work)

    async def meaning(self, button: str) -> Meaning | None:
        def work(session: Session) -> Meaning | None:
            row = _MEANING.first(session, id=button)
            return None if row is None else Meaning(*row)

        return await self.database.read(work)


def _known(session: Session, meaning: Meaning) -> str | None:
    found = _ID.first(session, **asdict(meaning))
    return None if found is None else str(found[0])


def _make(session: Session, meaning: Meaning) -> str:
    made = secrets.token_urlsafe(_BYTES)
    _MAKE.run(session, id=made, **asdict(meaning))
    return made
