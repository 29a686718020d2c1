"""Buttons: opaque ids in Slack's hands for meanings that stay in ours."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlmodel import Session, select

from bot.ports import Meaning
from storage.database import Database
from storage.lease import Fence
from storage.tables import ButtonRow

_BYTES: Final = 16


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
            row = session.get(ButtonRow, button)
            return None if row is None else Meaning(**{name: getattr(row, name) for name in ButtonRow.MEANING})

        return await self.database.read(work)


def _known(session: Session, meaning: Meaning) -> str | None:
    same = (getattr(ButtonRow, name) == value for name, value in asdict(meaning).items())
    return session.exec(select(ButtonRow.id).where(*same)).first()


def _make(session: Session, meaning: Meaning) -> str:
    row = ButtonRow(id=secrets.token_urlsafe(_BYTES), **asdict(meaning))
    session.add(row)
    session.flush()
    return row.id
