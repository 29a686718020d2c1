"""Upserts: rows written over those of the same key, in one statement whatever their number."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

# The two dialects spell the same clause the same way, but their classes share no base that says so.
_INSERTS: Final[dict[str, Callable[[Table], Any]]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

Values = Sequence[Mapping[str, Any]]


def put(session: Session, shape: type[SQLModel], rows: Values, *, fixed: tuple[str, ...] = ()) -> None:
    """Write rows over those of the same primary key, but for the columns in `fixed`, which keep their value."""
    if rows:
        connection = session.connection()
        connection.execute(_over(connection.dialect.name, shape, tuple(rows[0]), fixed), rows)


def put_new(session: Session, shape: type[SQLModel], rows: Values) -> None:
    """Write the rows that collide with no row; the others are left as they are."""
    if rows:
        connection = session.connection()
        connection.execute(_if_new(connection.dialect.name, shape), rows)


def table_of(shape: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(shape.__tablename__)]


@cache
def _over(dialect: str, shape: type[SQLModel], columns: tuple[str, ...], fixed: tuple[str, ...]) -> Executable:
    table = table_of(shape)
    keys = [column.name for column in table.primary_key]
    inserted = _INSERTS[dialect](table)
    changed = {name: inserted.excluded[name] for name in columns if name not in (*keys, *fixed)}
    statement: Executable = inserted.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement


@cache
def _if_new(dialect: str, shape: type[SQLModel]) -> Executable:
    statement: Executable = _INSERTS[dialect](table_of(shape)).on_conflict_do_nothing()
    return statement
