"""SQLAlchemy engines for SQLite: the right pragmas on each connection, and an explicit BEGIN."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from millhand.core.durability import Durability

_CACHE_KIB = 16 * 1024
_WAL_PAGES_BEFORE_CHECKPOINT = 4_000
_WAL_BYTES_KEPT = 64 * 1024 * 1024
_STATEMENTS_KEPT = 256
_DURABILITY = "millhand.durability"
"""Under which name a connection remembers what its commits give."""


def writer_engine(path: Path, durability: Durability, patience: float) -> sa.Engine:
    """An engine for one connection that writes: each transaction takes the write lock at its BEGIN."""
    engine = sa.create_engine(_url(path), poolclass=NullPool, connect_args={"cached_statements": _STATEMENTS_KEPT})
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


def reader_engine(path: Path, patience: float, size: int) -> sa.Engine:
    """An engine whose connections only read: each transaction sees one moment and waits for no writer."""
    engine = sa.create_engine(
        _url(path),
        pool_size=size,
        max_overflow=1,
        connect_args={"cached_statements": _STATEMENTS_KEPT, "check_same_thread": False},
    )
    pragmas = (f"busy_timeout = {round(patience * 1_000)}", "query_only = ON", "temp_store = MEMORY")
    return _prepared(engine, pragmas, "BEGIN")


def begin(connection: sa.Connection, durability: Durability) -> sa.RootTransaction:
    """Begin a transaction whose commit gives that much durability."""
    if connection.info.get(_DURABILITY) is not durability:
        connection.connection.cursor().execute(f"PRAGMA synchronous = {durability.upper()}")
        connection.info[_DURABILITY] = durability
    return connection.begin()


def _url(path: Path) -> sa.URL:
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

    def begun(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(begin)

    engine.dialect.statement_compiler = _HintingCompiler
    event.listen(engine, "connect", connected)
    engine.dialect.do_begin = begun
    return engine
