"""A list of whole numbers as a single parameter, so that a statement has one text however many there are."""

import json
from collections.abc import Iterable
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Among(FunctionElement[bool]):
    """That a number is an element of a JSON array."""

    type = sa.Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: object = None) -> Self:
        """As it is: SQLAlchemy would compare it with 1 for SQLite, which then uses no index."""
        del against
        return self


@compiles(_Among, "sqlite")
def _for_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    column, array = (compiler.process(part, **options) for part in element.clauses)
    chosen = f"SELECT CAST(value AS BIGINT) FROM json_each({array})"  # noqa: S608 - parts that SQLAlchemy has written
    return f"{column} IN ({chosen})"


@compiles(_Among, "postgresql")
def _for_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    column, array = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY (CAST(translate({array}, '[]', '{{}}') AS BIGINT[]))"


def among(column: sa.ColumnElement[int], parameter: str) -> sa.ColumnElement[bool]:
    """The condition that a column is one of the numbers in a parameter, which is given as `numbers(...)`.

    It runs several times as fast as an IN list that SQLAlchemy writes out and the database parses at each call.
    """
    return _Among(column, sa.bindparam(parameter, type_=sa.Text))


def listed(parameter: str, name: str) -> sa.TableValuedAlias:
    """The numbers in a parameter as rows with a `number` and its `place`, on PostgreSQL."""
    array = sa.cast(
        sa.func.translate(sa.bindparam(parameter, type_=sa.Text), "[]", "{}"), postgresql.ARRAY(sa.BigInteger)
    )
    listed = sa.func.unnest(array).table_valued(sa.column("number", sa.BigInteger), with_ordinality="place", name=name)
    return listed.render_derived()


def numbers(values: Iterable[object]) -> str:
    """The parameter for `among`."""
    return json.dumps(list(values))
