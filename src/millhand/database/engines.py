"""Make SQLAlchemy engines: for SQLite with the right pragmas and an explicit BEGIN, for PostgreSQL through psycopg."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from millhand.core.durability import Durability
from millhand.core.errors import ConfigError

READERS = 4
"""How many reads can run at once in one process."""

_CACHE_KIB = 16 * 1024
_WAL_PAGES_BEFORE_CHECKPOINT = 4_000
_WAL_BYTES_KEPT = 64 * 1024 * 1024
_STATEMENTS_KEPT = 256


def sqlite_path(url: str) -> Path | None:
    """The database file that a URL names, or None if it names another database; raises `ConfigError`."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigError(
            "the SQLite database must be a file, since several processes share it",
            hint="Use a URL such as sqlite:///data/millhand.db.",
        )
    return Path(parsed.database).absolute()


def parsed_url(url: str) -> sa.URL:
    """Read a database URL; raises `ConfigError` for one that is none, or that names an unknown database."""
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError as error:
        raise ConfigError(f"'{url}' is no database URL", hint="Use sqlite:///path or postgresql://…") from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError(
            f"there is no support for {parsed.get_backend_name()} databases", hint="Use sqlite or postgresql."
        )
    return parsed


def writer_engine(url: str, durability: Durability, patience: float) -> sa.Engine:
    """An engine for one connection that writes: on SQLite each transaction takes the write lock at its BEGIN."""
    path = sqlite_path(url)
    if path is None:
        return _postgres_engine(url, durability)
    engine = sa.create_engine(
        _sqlite_url(path), poolclass=NullPool, connect_args={"cached_statements": _STATEMENTS_KEPT}
    )
    pragmas = (
        f"busy_timeout = {round(patience * 1_000)}",
        "journal_mode = WAL",
        f"synchronous = {durability.upper()}",
        f"wal_autocheckpoint = {_WAL_PAGES_BEFORE_CHECKPOINT}",
        f"journal_size_limit = {_WAL_BYTES_KEPT}",
        f"cache_size = -{_CACHE_KIB}",
        "temp_store = MEMORY",
        "foreign_keys = OFF",
    )
    return _prepared(engine, pragmas, "BEGIN IMMEDIATE")


@contextmanager
def committing(connection: sa.Connection, durability: Durability) -> Generator[None]:
    """A transaction whose commit gives that much durability."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute(f"PRAGMA synchronous = {durability.upper()}")
        with connection.begin():
            yield
        return
    with connection.begin():
        if durability is Durability.NORMAL:
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
        yield


def reader_engine(url: str, patience: float) -> sa.Engine:
    """An engine whose connections only read; on SQLite each transaction sees one moment and waits for no writer."""
    path = sqlite_path(url)
    if path is None:
        return _postgres_engine(url, Durability.NORMAL)
    engine = sa.create_engine(
        _sqlite_url(path),
        pool_size=READERS,
        max_overflow=1,
        connect_args={"cached_statements": _STATEMENTS_KEPT, "check_same_thread": False},
    )
    pragmas = (f"busy_timeout = {round(patience * 1_000)}", "query_only = ON", "temp_store = MEMORY")
    return _prepared(engine, pragmas, "BEGIN")


def _sqlite_url(path: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(path))


class _HintingCompiler(SQLiteCompiler):
    """Writes index hints, which SQLAlchemy leaves out for SQLite: `FROM jobs INDEXED BY jobs_ready`."""

    def get_from_hint_text(self, table: sa.FromClause, text: str | None) -> str | None:
        del table
        return text


def _prepared(engine: sa.Engine, pragmas: Sequence[str], begin: str) -> sa.Engine:
    """Run the pragmas on each new connection; begin transactions ourselves, as Python's driver begins them too late."""

    def connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    engine.dialect.statement_compiler = _HintingCompiler
    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _postgres_engine(url: str, durability: Durability) -> sa.Engine:
    commit = "on" if durability is Durability.FULL else "off"
    try:
        return sa.create_engine(
            parsed_url(url).set(drivername="postgresql+psycopg"),
            pool_size=READERS,
            pool_pre_ping=True,
            paramstyle="format",
            connect_args={"options": f"-c synchronous_commit={commit}"},
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PostgreSQL needs the driver psycopg, which is not installed",
            hint="Install millhand with its extra: pip install 'millhand[postgres]'.",
        ) from error
