"""Upserts: rows written over those of the same key, in one statement whatever their number."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from storage.statements import Statement

# The two dialects spell the same clause the same way, but their classes share no base that says so.
_INSERTS: Final[dict[str, Callable[[Table], Any]]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def over(shape: type[SQLModel], columns: Sequence[str], *, fixed: tuple[str, ...] = ()) -> Statement:
    """Writes rows of these columns over those of the same primary key, but for `fixed`, which keep their value."""
    table = table_of(shape)
    keys = [column.name for column in table.primary_key]

    def make(kind: str) -> Any:  # noqa: ANN401 - an insert of either dialect
        inserted = _INSERTS[kind](table).inline()
        changed = {name: inserted.excluded[name] for name in columns if name not in (*keys, *fixed)}
        return inserted.on_conflict_do_update(index_elements=keys, set_=changed)

    return Statement(make, columns)


def if_new(shape: type[SQLModel], columns: Sequence[str]) -> Statement:
    """Writes the rows that collide with no row; the others are left as they are."""
    return Statement(lambda kind: _INSERTS[kind](table_of(shape)).inline().on_conflict_do_nothing(), columns)


def table_of(shape: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(shape.__tablename__)]
