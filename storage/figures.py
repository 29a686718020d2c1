"""Figures: how much waits in the database, counted for the meters; reads only, and needs no lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_
from sqlmodel import col, func, select

from bot.domain.backlog import Backlog
from storage.database import Database
from storage.session import Session
from storage.statements import Statement
from storage.tables import LedgerRow, OutboxRow, TimerRow

_OUTBOX: Final = Statement(lambda _: select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
_OLDEST: Final = Statement(
    lambda _: select(func.min(OutboxRow.position)).where(
        or_(col(OutboxRow.state) == "waiting", col(OutboxRow.state) == "trying")
    )
)
_TIMERS: Final = Statement(lambda _: select(func.count()).select_from(TimerRow))
_DUE: Final = Statement(
    lambda _: (
        select(func.count())
        .select_from(TimerRow)
        .where(col(TimerRow.real) == bindparam("by_wall"), col(TimerRow.due_at) <= bindparam("by"))
    )
)
_HEAD: Final = Statement(
    lambda _: select(func.max(LedgerRow.sequence)).where(col(LedgerRow.stream) == bindparam("asked"))
)


@dataclass(frozen=True)
class Figures:
    """Counts what waits, as `bot.meters.Figures` asks for it."""

    database: Database

    async def backlog(self, streams: Sequence[str], *, now: datetime, real: datetime) -> Backlog:
        def work(session: Session) -> Backlog:
            outbox = {str(state): int(number) for state, number in _OUTBOX.rows(session)}
            due = _DUE.first(session, by_wall=False, by=now)[0] + _DUE.first(session, by_wall=True, by=real)[0]
            return Backlog(
                waiting=outbox.get("waiting", 0) + outbox.get("trying", 0),
                refused=outbox.get("refused", 0),
                oldest=_OLDEST.first(session)[0],
                timers=int(_TIMERS.first(session)[0]),
                due=int(due),
                heads={stream: int(_HEAD.first(session, asked=stream)[0] or 0) for stream in streams},
            )

        return await self.database.read(work)
