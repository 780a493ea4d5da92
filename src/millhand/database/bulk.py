"""Statements that run for many rows at once: compiled one time for each database, run by the driver with tuples."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPICursor

from millhand.database.engines import postgres_module
from millhand.database.prepared import drive

Row = tuple[Any, ...]
Rows = Sequence[Row]
Given = Mapping[str, sa.ColumnElement[Any]]
"""What each row gives, by name, as parts of a statement."""

Same = Mapping[str, Any]
"""What all rows have in common, by name."""

Insert = postgresql.Insert | sqlite.Insert

_KEY = "of_key"
_MOST_AT_ONCE = 64
_Runner = Callable[[sa.Connection, Rows, Same], Iterator[DBAPICursor]]


class Bulk:
    """A statement that runs for tuples, whose values stand in the order of `columns`.

    `columns` names each value, with the column whose type it has; `same` does so for values that all the rows of a run
    share, which are bound once. `make` writes the statement, from what a row gives.
    The rows are a table in the statement, so that one run does for many: PostgreSQL gets an array for each column,
    SQLite a list of values. A run for each row would take half as long again, and Python's lock each time.
    """

    def __init__(
        self,
        columns: Mapping[str, sa.ColumnElement[Any]],
        make: Callable[[sa.Dialect, Given], sa.UpdateBase],
        same: Mapping[str, sa.ColumnElement[Any]] | None = None,
    ) -> None:
        self._columns = columns
        self._make = make
        self._same = same or {}
        # One schema of a server is not another: it is the dialect of an engine that writes the names of tables.
        self._runners: WeakKeyDictionary[sa.Dialect, _Runner] = WeakKeyDictionary()

    def run(self, connection: sa.Connection, rows: Rows, same: Same | None = None) -> None:
        """Run the statement for these rows; none is fine."""
        for _ in self._run(connection, rows, same or {}):
            pass

    def returned(self, connection: sa.Connection, rows: Rows) -> list[Row]:
        """Run a statement that returns something, and give all of it."""
        return [row for cursor in self._run(connection, rows, {}) for row in cursor.fetchall()]

    def _run(self, connection: sa.Connection, rows: Rows, same: Same) -> Iterator[DBAPICursor]:
        if not rows:
            return iter(())
        dialect = connection.dialect
        if dialect not in self._runners:
            self._runners[dialect] = (
                self._by_arrays(dialect) if dialect.name == "postgresql" else self._by_values(dialect)
            )
        return self._runners[dialect](connection, rows, same)

    def _by_values(self, dialect: sa.Dialect) -> _Runner:
        columns = [sa.column(name, column.type) for name, column in self._columns.items()]
        row = tuple(sa.bindparam(None, type_=column.type) for column in columns)
        one, names = self._compiled(dialect, sa.values(*columns, name="given").data([row]).cte("given"))
        marks = f"({', '.join('?' * len(columns))})"

        @cache
        def text(count: int) -> str:  # SQLAlchemy would take 10 ms over those with many rows
            return one.replace(marks, ", ".join([marks] * count), 1)

        def run(connection: sa.Connection, rows: Rows, same: Same) -> Iterator[DBAPICursor]:
            last = [same[name] for name in names[len(columns) :]]
            for some in _pieces(rows):
                yield drive(connection, text(len(some)), (*chain.from_iterable(some), *last))

        return run

    def _by_arrays(self, dialect: sa.Dialect) -> _Runner:
        arrays = [
            sa.cast(
                sa.bindparam(f"each_{name}", type_=sa.Text),
                postgresql.ARRAY(sa.Text() if _is_text(column) else column.type),
            )
            for name, column in self._columns.items()
        ]
        rows = sa.func.unnest(*arrays).table_valued(*self._columns, name="rows").render_derived()
        text, names = self._compiled(dialect, sa.select(rows).cte("given"))
        writers = {f"each_{name}": _array_of_texts if _is_text(one) else _array for name, one in self._columns.items()}

        def run(connection: sa.Connection, rows: Rows, same: Same) -> Iterator[DBAPICursor]:
            columns = zip(writers.items(), zip(*rows, strict=True), strict=True)
            values = {**{name: write(column) for (name, write), column in columns}, **same}
            yield drive(connection, text, [values[name] for name in names])

        return run

    def _compiled(self, dialect: sa.Dialect, given: sa.CTE) -> tuple[str, Sequence[str]]:
        """The text of the statement, and the names of its parameters in their order."""
        same = {name: sa.bindparam(name, type_=column.type) for name, column in self._same.items()}
        compiled = self._make(dialect, {**dict(given.c.items()), **same}).compile(dialect=dialect)
        return str(compiled), compiled.positiontup or ()


def _pieces(rows: Rows) -> Iterator[Rows]:
    """Cut rows into pieces of few sizes, as each size is a statement of its own, which the driver keeps prepared."""
    start, size = 0, _MOST_AT_ONCE
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def bulk_insert(table: sa.Table, names: Sequence[str], words: Mapping[str, str] | None = None) -> Bulk:
    """A plain INSERT of these columns, and of the same `words` in each row."""
    same = {name: sa.literal_column(f"'{word}'", sa.Text) for name, word in (words or {}).items()}
    return Bulk(
        {name: table.c[name] for name in names},
        lambda dialect, given: insert_given(dialect, table, {**given, **same}),
    )


def copy_in(connection: sa.Connection, table: sa.Table, names: Sequence[str], lines: Iterable[str]) -> bool:
    """Store lines of `copy_text` by PostgreSQL's COPY, or none if one breaks a unique rule or has to be mended: False.

    That takes half the time of an INSERT, but several messages: it is for hundreds of rows.
    """
    try:
        postgres_module().copy(connection, table, names, lines)
    except (exc.IntegrityError, exc.DataError):
        return False
    return True


def insert_given(dialect: sa.Dialect, table: sa.Table, values: Given) -> Insert:
    """An INSERT of what a row gives, or of what is made of it."""
    # Without a WHERE, SQLite takes the ON of an ON CONFLICT behind it for that of a join.
    given = sa.select(*values.values()).where(sa.literal_column("1") == sa.literal_column("1"))
    return _insert(dialect, table).from_select(list(values), given)


def insert(dialect: sa.Dialect, table: sa.Table, values: Mapping[str, Any]) -> Insert:
    """An INSERT that knows what to do about a row that is there already."""
    return _insert(dialect, table).values(dict(values))


def _insert(dialect: sa.Dialect, table: sa.Table) -> Insert:
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


def bulk_update(
    key: sa.Column[int],
    columns: Mapping[str, sa.ColumnElement[Any]],
    values: Callable[[Given], Mapping[str, sa.ColumnElement[Any]]],
) -> Bulk:
    """An UPDATE of the rows with a key, which is the last value of each tuple; `values` says what is set."""

    def make(dialect: sa.Dialect, given: Given) -> sa.UpdateBase:
        del dialect
        return sa.update(key.table).where(key == given[_KEY]).values(dict(values(given)))

    return Bulk({**columns, _KEY: key}, make)


def _is_text(column: sa.ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.String)


def _array(values: Sequence[object]) -> str:
    """Numbers as PostgreSQL writes an array."""
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def _array_of_texts(values: Sequence[str | None]) -> str:
    """Texts as PostgreSQL writes an array (its manual, 8.15.6)."""
    return f"{{{','.join('NULL' if value is None else _quoted(value) for value in values)}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"') if "\\" in text or '"' in text else text
    return f'"{escaped}"'
