"""Bring a database's schema to this version, and tell how it stands."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from millhand.core.durability import Durability
from millhand.core.errors import SchemaMismatch
from millhand.database.engines import reader_engine, sqlite_path, writer_engine
from millhand.database.faults import translated

HEAD = "0001"
"""The newest migration, named here too so that opening a database need not load Alembic."""

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """Which migration a database has, None for an empty one, and which one this version needs."""

    present: str | None
    needed: str = HEAD

    @property
    def current(self) -> bool:
        """Whether the schema is the one that this version works with."""
        return self.present == self.needed


def schema_up(url: str) -> SchemaStatus:
    """Run all migrations that are missing, in one transaction; several processes may do so at once."""
    if (path := sqlite_path(url)) is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _transaction(writer_engine(url, Durability.FULL, _PATIENCE)) as connection:
        if present_revision(connection) != HEAD:
            _upgrade(connection)
        return SchemaStatus(present_revision(connection))


def schema_status(url: str) -> SchemaStatus:
    """How the schema of a database stands; creates nothing."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return SchemaStatus(None)
    with _transaction(reader_engine(url, _PATIENCE)) as connection:
        return SchemaStatus(present_revision(connection))


def require_current(status: SchemaStatus) -> None:
    """Refuse a database whose schema is older or newer; raises `SchemaMismatch`."""
    if not status.current:
        raise SchemaMismatch(f"the database has schema {status.present or 'none'}, this version needs {status.needed}")


def present_revision(connection: sa.Connection) -> str | None:
    """The migration that a database stands at, None if it has none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


@contextmanager
def _transaction(engine: sa.Engine) -> Generator[sa.Connection]:
    try:
        with translated(), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _upgrade(connection: sa.Connection) -> None:
    # Loaded here, because it takes longer than everything else that opening a database does.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "millhand.database:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
