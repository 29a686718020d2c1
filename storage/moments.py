"""Moments as text of one width, so that they sort in SQL as they do in time."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, String, TypeDecorator


def written(moment: datetime) -> str:
    """The moment as `2026-01-31T12:00:00.000000Z`; ValueError for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be stored")
    # Every record and most rows have one, and nearly all of them are in UTC already.
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:26]}Z"


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime in a text column, exact to the microsecond on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002 - SQLAlchemy's shape
        return None if value is None else written(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - likewise
        return None if value is None else read(value)
