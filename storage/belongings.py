"""Belongings: what a rollout has beside its own row: its board and its intents."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlmodel import col

from bot.domain.board import Board
from bot.domain.intents import Intent
from storage.codec import INTENT, SOAKED, STANDING
from storage.session import Session
from storage.statements import Statement
from storage.tables import IntentRow, SoakRow, StandingRow

_STANDINGS: Final = Statement(
    lambda _: (
        select(col(StandingRow.body))
        .where(col(StandingRow.rollout) == bindparam("name"))
        .order_by(col(StandingRow.phase), col(StandingRow.attempt), col(StandingRow.gate))
    )
)
_SOAKS: Final = Statement(
    lambda _: (
        select(col(SoakRow.body))
        .where(col(SoakRow.rollout) == bindparam("name"))
        .order_by(col(SoakRow.phase), col(SoakRow.attempt))
    )
)
_INTENTS: Final = Statement(
    lambda _: (
        select(col(IntentRow.body)).where(col(IntentRow.rollout) == bindparam("name")).order_by(col(IntentRow.position))
    )
)


def belongings(session: Session, name: str) -> tuple[Board, tuple[Intent, ...]]:
    """The board, by phase, attempt and gate; the intents, in the order of their recording."""
    standings = tuple(STANDING.value(body) for (body,) in _STANDINGS.rows(session, name=name))
    soaks = tuple(SOAKED.value(body) for (body,) in _SOAKS.rows(session, name=name))
    return Board(standings, soaks), tuple(INTENT.value(body) for (body,) in _INTENTS.rows(session, name=name))
