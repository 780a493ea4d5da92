"""Ledgers with a long history on SQLite and PostgreSQL: made once and kept, brought to the present each time."""

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg

from bench.environment import ROOT
from bench.web.history import History, freshen
from millhand.core.clock import SystemClock
from millhand.database import Database
from millhand.database.schema import HEAD, schema_up
from millhand.ledger.sums import Sums
from millhand.testing.postgres import PostgresServer, postgres_programs

KEPT = ROOT / "build" / "bench-web"
_SETTINGS = {"shared_buffers": "1GB", "maintenance_work_mem": "512MB", "max_wal_size": "8GB"}
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {tables}",
    "postgres": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'millhand' AND indexdef NOT LIKE"
    " '%UNIQUE%(seq)' AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_unique' AND tablename IN {tables}",
}
_TABLES = "('jobs', 'events', 'artefacts')"


class _Connection(Protocol):
    """What both drivers have in common."""

    def execute(self, statement: Any, /) -> Any:  # noqa: ANN401 - each driver has its own
        """Run a statement."""


def sqlite_store(jobs: int) -> str:
    """The URL of a ledger in a file."""
    file = KEPT / f"ledger-{jobs}-{HEAD}.db"
    url = f"sqlite:///{file}"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        schema_up(f"sqlite:///{draft}")
        with closing(_file(draft)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA cache_size = -500000")
            _fill(connection, jobs, "sqlite")
            connection.execute("PRAGMA journal_mode = WAL")
        draft.rename(file)
    with closing(_file(file)) as connection:
        _freshen(connection, jobs)
    asyncio.run(_sum(url))
    return url


@contextmanager
def postgres_store(jobs: int) -> Iterator[str]:
    """The URL of a ledger in a server, which ends with the block. Raises `ConfigError`."""
    programs = postgres_programs()
    if programs is None:
        raise FileNotFoundError("no PostgreSQL")
    folder = KEPT / f"postgres-{jobs}-{HEAD}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _make_server(folder, programs, jobs)
        (folder / "made").touch()
    with _running(PostgresServer(folder, programs, _SETTINGS | {"fsync": "on"})) as url:
        with _connected(url) as connection:
            _freshen(connection, jobs)
            asyncio.run(_sum(url))
            connection.execute("VACUUM (ANALYZE) jobs")  # as the server does by itself, a little later
        yield url


def _make_server(folder: Path, programs: Path, jobs: int) -> None:
    server = PostgresServer(folder, programs, _SETTINGS | {"full_page_writes": "off"})
    server.create()
    with _running(server) as url:
        schema_up(url)
        with _connected(url) as connection:
            _fill(connection, jobs, "postgres")
            connection.execute("VACUUM (ANALYZE)")


@contextmanager
def _running(server: PostgresServer) -> Iterator[str]:
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


def _fill(connection: _Connection, jobs: int, kind: str) -> None:
    """Make the history, and the indexes after the rows: that is much faster."""
    began = time.monotonic()
    indexes: Sequence[tuple[str, str]] = connection.execute(_INDEXES[kind].format(tables=_TABLES)).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for statement in History(jobs, SystemClock().now()).statements():
        connection.execute(statement)
    for _, definition in indexes:
        connection.execute(definition)
    print(f"bench: made a ledger of {jobs:,} jobs on {kind} in {time.monotonic() - began:.0f} s", file=sys.stderr)


def _freshen(connection: _Connection, jobs: int) -> None:
    last = "SELECT max(finished_at) FROM jobs WHERE state = 'completed' AND finished_at IS NOT NULL"
    (ended,) = connection.execute(last).fetchone()
    for statement in freshen(jobs - jobs // 20, ended, SystemClock().now()):
        connection.execute(statement)


async def _sum(url: str) -> None:
    """Sum what ended in each minute, as workers would have done."""
    database = Database.at(url, clock=SystemClock())
    await database.open()
    sums = Sums(database)
    while await sums.roll_up():
        pass
    await database.close()


def _file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _connected(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(url, autocommit=True, options="-c search_path=millhand -c work_mem=256MB")
