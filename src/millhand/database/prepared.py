"""Small statements, compiled once and run by the driver: SQLAlchemy takes longer over each than the database does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine.interfaces import DBAPICursor

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


class _Text(NamedTuple):
    """What the driver is given: the parameters in their order, with what those are that no caller gives."""

    text: str
    names: Sequence[str]
    constants: dict[str, Any]


class Prepared:
    """A statement with named parameters that answers with rows: plain tuples of what the driver makes of them."""

    def __init__(self, statement: sa.ClauseElement) -> None:
        self._statement = statement
        # One schema of a server is not another: it is the dialect of an engine that writes the names of tables.
        self._texts: WeakKeyDictionary[sa.Dialect, _Text] = WeakKeyDictionary()

    def rows(self, connection: sa.Connection, **values: object) -> list[tuple[Any, ...]]:
        """Run it with these parameters."""
        text = self._texts.get(connection.dialect)
        if text is None:
            text = self._texts[connection.dialect] = self._compiled(connection.dialect)
        given = text.constants | values
        return list(drive(connection, text.text, [given[name] for name in text.names]).fetchall())

    def _compiled(self, dialect: sa.Dialect) -> _Text:
        compiled = cast("SQLCompiler", self._statement.compile(dialect=dialect))
        return _Text(str(compiled), compiled.positiontup or (), dict(compiled.params))


def drive(connection: sa.Connection, text: str, parameters: Sequence[object] = ()) -> DBAPICursor:
    """Run a statement by the driver; raises what SQLAlchemy would, and invalidates a connection that is cut."""
    error_of_driver = connection.dialect.loaded_dbapi.Error
    pooled = connection.connection
    try:
        cursor = pooled.cursor()
        cursor.execute(text, parameters)
    except error_of_driver as error:
        cut = connection.dialect.is_disconnect(error, pooled, None)
        if cut:
            connection.invalidate(error)
        raise exc.DBAPIError.instance(
            text, None, error, error_of_driver, dialect=connection.dialect, connection_invalidated=cut
        ) from error
    return cursor
