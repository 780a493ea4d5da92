"""Make SQLAlchemy engines for the database that a URL names."""

from pathlib import Path

import sqlalchemy as sa

from millhand.core.durability import Durability
from millhand.core.errors import ConfigError
from millhand.database import sqlite
from millhand.database.urls import address_of

READERS = 4
"""How many reads can run at once in one process."""

WRITERS_ON_SERVER = 2
"""How many writes can run at once in one process on a server; in a file it is one at a time among all processes."""


def writer_engine(url: str, durability: Durability, patience: float) -> sa.Engine:
    """An engine for one connection that writes; a statement or a wait for a lock takes up to `patience` seconds."""
    address = address_of(url)
    if isinstance(address, Path):
        return sqlite.writer_engine(address, durability, patience)
    return postgres_module().writer_engine(address, durability, patience)


def reader_engine(url: str, patience: float) -> sa.Engine:
    """An engine whose connections only read; each transaction sees one moment."""
    address = address_of(url)
    if isinstance(address, Path):
        return sqlite.reader_engine(address, patience, READERS)
    return postgres_module().reader_engine(address, patience, READERS)


def schema_engine(url: str, patience: float) -> sa.Engine:
    """An engine for migrations, whose statements may take long."""
    address = address_of(url)
    if isinstance(address, Path):
        return sqlite.writer_engine(address, Durability.FULL, patience)
    return postgres_module().schema_engine(address, patience)


def begin(connection: sa.Connection, durability: Durability) -> sa.RootTransaction:
    """Begin a transaction whose commit gives that much durability, within that of the engine."""
    if connection.dialect.name == "sqlite":
        return sqlite.begin(connection, durability)
    return postgres_module().begin(connection, durability)


def begin_single(connection: sa.Connection) -> sa.RootTransaction:
    """Begin a durable transaction of one statement; on PostgreSQL that statement is a transaction by itself."""
    if connection.dialect.name == "sqlite":
        return sqlite.begin(connection, Durability.FULL)
    return postgres_module().begin_single(connection)


def postgres_module():  # noqa: ANN201 - the type of a module is what it is inferred to be
    """The part that needs psycopg; raises `ConfigError` where that is not installed."""
    try:
        from millhand.database import postgres  # noqa: PLC0415 - its driver is an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PostgreSQL needs the driver psycopg, which is not installed",
            hint="Install millhand with its extra: pip install 'millhand[postgres]'.",
        ) from error
    return postgres
