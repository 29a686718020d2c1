"""Belongings: what a rollout has beside its own row, read in one statement."""

from typing import Final

from sqlalchemy import Executable, bindparam, literal, select, union_all
from sqlmodel import Session, col

from bot.domain.board import Board
from bot.domain.intents import Intent
from storage.codec import INTENT, SOAKED, STANDING
from storage.tables import IntentRow, SoakRow, StandingRow

# One statement, not three: each costs four turns between the loop and the driver's thread.
_ALL: Final[Executable] = union_all(
    select(
        literal("standing").label("noun"),
        col(StandingRow.body).label("body"),
        literal(0).label("position"),
        col(StandingRow.phase).label("phase"),
        col(StandingRow.attempt).label("attempt"),
        col(StandingRow.gate).label("gate"),
    ).where(col(StandingRow.rollout) == bindparam("name")),
    select(literal("soak"), col(SoakRow.body), literal(0), col(SoakRow.phase), col(SoakRow.attempt), literal("")).where(
        col(SoakRow.rollout) == bindparam("name")
    ),
    select(literal("intent"), col(IntentRow.body), col(IntentRow.position), literal(""), literal(0), literal("")).where(
        col(IntentRow.rollout) == bindparam("name")
    ),
).order_by("noun", "position", "phase", "attempt", "gate")


def belongings(session: Session, name: str) -> tuple[Board, tuple[Intent, ...]]:
    """The board, by phase, attempt and gate; the intents, in the order of their recording."""
    bodies: dict[str, list[bytes]] = {"standing": [], "soak": [], "intent": []}
    for row in session.connection().execute(_ALL, {"name": name}):
        bodies[row.noun].append(row.body)
    standings = (STANDING.value(body) for body in bodies["standing"])
    soaks = (SOAKED.value(body) for body in bodies["soak"])
    return Board(tuple(standings), tuple(soaks)), tuple(INTENT.value(body) for body in bodies["intent"])
