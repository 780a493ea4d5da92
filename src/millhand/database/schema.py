"""Bring a database's schema to this version, and tell how it stands."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from millhand.core.errors import BrokerUnavailable, SchemaMismatch
from millhand.database.engines import reader_engine, schema_engine
from millhand.database.faults import translated
from millhand.database.tables import metadata
from millhand.database.urls import ServerAddress, address_of

HEAD = "0004"
"""The newest migration, named here too so that opening a database need not load Alembic."""

_PATIENCE = 30.0
_MIGRATION_PATIENCE = 600.0
_LOCK = 0x6D696C6C  # "mill", with the schema's name: one migration at a time
_VERSION = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.Text))  # Alembic's own


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
    """Run all migrations that are missing, in one transaction; several processes may do so at once.

    On PostgreSQL the schema is made if it is not there. Raises `SchemaMismatch` if the place holds what is not ours.
    """
    address = address_of(url)
    if isinstance(address, Path):
        _make_folder(address.parent)
    with _transaction(schema_engine(url, _MIGRATION_PATIENCE)) as connection:
        if isinstance(address, ServerAddress):
            _take_place(connection, address.schema)
        if _present(connection, address) != HEAD:
            _upgrade(connection, address)
        return SchemaStatus(_present(connection, address))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BrokerUnavailable(
            f"the folder of the database can't be made: {error.strerror or error}: {folder}",
            hint="Check the path of the database, and who may write there.",
        ) from error


def schema_status(url: str) -> SchemaStatus:
    """How the schema of a database stands; creates nothing."""
    address = address_of(url)
    if isinstance(address, Path) and not address.exists():
        return SchemaStatus(None)
    with _transaction(reader_engine(url, _PATIENCE)) as connection:
        return SchemaStatus(_present(connection, address))


def require_current(status: SchemaStatus) -> None:
    """Refuse a database whose schema is older or newer; raises `SchemaMismatch`."""
    if not status.current:
        raise SchemaMismatch(f"the database has schema {status.present or 'none'}, this version needs {status.needed}")


def _present(connection: sa.Connection, address: Path | ServerAddress) -> str | None:
    """The migration that a database stands at, None if it has none."""
    if not sa.inspect(connection).has_table(_VERSION.name, schema=_schema(address)):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))


def _take_place(connection: sa.Connection, schema: str) -> None:
    """Be the only one who migrates this schema, until the end of the transaction; make it, or see that it is ours."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(schema))))
    inspector = sa.inspect(connection)
    if not inspector.has_schema(schema):
        connection.execute(sa.schema.CreateSchema(schema))
        return
    strangers = set(metadata.tables).intersection(inspector.get_table_names(schema))
    if strangers and not inspector.has_table(_VERSION.name, schema=schema):
        raise SchemaMismatch(
            f"the schema {schema} of the database has tables named {', '.join(sorted(strangers))} that are not ours",
            hint="Let ours live in another schema: add ?millhand_schema=NAME to the URL.",
        )


@contextmanager
def _transaction(engine: sa.Engine) -> Generator[sa.Connection]:
    try:
        with translated(), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _schema(address: Path | ServerAddress) -> str | None:
    return address.schema if isinstance(address, ServerAddress) else None


def _upgrade(connection: sa.Connection, address: Path | ServerAddress) -> None:
    # Loaded here, because it takes longer than everything else that opening a database does.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "millhand.database:migrations")
    config.attributes["connection"] = connection
    config.attributes["schema"] = _schema(address)
    command.upgrade(config, "head")
