"""Statements: compiled once for each kind of database and run on the driver's own cursor.

A change is some ten statements; what SQLAlchemy does around each of them costs more than the database does.
Values are given and bound as the columns' types say; rows come back as the driver has them, a moment as text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from storage.session import Session

Values = Mapping[str, Any]
_Bind = Callable[[Any], Any]

# What sqlite3 and psycopg are given; both dialects render for their driver's own style of parameters.
_DIALECTS: Final[Mapping[str, Callable[[], Dialect]]] = {
    "sqlite": sqlite.dialect,
    "postgresql": PGDialect_psycopg,
}


class _Compiled:
    """The text for one driver, with everything that its parameters need."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements that are queries or changes of rows can be compiled ahead")
        self.text = str(compiled)
        self.order = compiled.positiontup
        self.binds: dict[str, _Bind] = {}
        self.fixed: dict[str, Any] = {}
        for bind, name in compiled.bind_names.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                self.binds[name] = process
            if not bind.required:
                self.fixed[name] = process(bind.value) if process and bind.value is not None else bind.value

    def parameters(self, values: Values) -> Any:  # noqa: ANN401 - as the driver wants them
        bound = {**self.fixed, **values}
        for name, process in self.binds.items():
            if name in values:
                bound[name] = process(values[name])
        return bound if self.order is None else list(map(bound.__getitem__, self.order))


class Statement:
    """One statement; `columns` are those that an insert is given."""

    def __init__(self, make: Callable[[str], ClauseElement], columns: Sequence[str] | None = None) -> None:
        self._make = make
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, session: Session, **values: object) -> list[Any]:
        compiled = self._for(session.kind)
        found: list[Any] = session.driver.execute(compiled.text, compiled.parameters(values)).fetchall()
        return found

    def first(self, session: Session, **values: object) -> Any:  # noqa: ANN401 - a row of the driver's
        """The first row, None when there is none."""
        compiled = self._for(session.kind)
        return session.driver.execute(compiled.text, compiled.parameters(values)).fetchone()

    def run(self, session: Session, **values: object) -> int:
        """How many rows were changed."""
        compiled = self._for(session.kind)
        changed: int = session.driver.execute(compiled.text, compiled.parameters(values)).rowcount
        return changed

    def run_all(self, session: Session, many: Sequence[Values]) -> int:
        """Once for each, in their order; how many rows were changed by all of them."""
        if not many:
            return 0
        if len(many) == 1:
            return self.run(session, **many[0])
        compiled = self._for(session.kind)
        cursor = session.driver.cursor()
        cursor.executemany(compiled.text, [compiled.parameters(values) for values in many])
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def _for(self, kind: str) -> _Compiled:
        found = self._compiled.get(kind)
        if found is None:
            found = self._compiled[kind] = _Compiled(self._make(kind), self._columns, _DIALECTS[kind]())
        return found
