"""The schema on PostgreSQL: a place of our own, made once by whoever comes first, beside tables that others have."""

import subprocess
import sys

import psycopg
import pytest

from millhand.core.clock import SystemClock
from millhand.core.errors import BrokerUnavailable, ConfigError, SchemaMismatch
from millhand.database import Database, schema_status, schema_up
from millhand.database.engines import schema_engine
from millhand.database.tables import metadata
from millhand.testing.postgres import PostgresServer

_OPEN = """
import asyncio, sys
from millhand.core.clock import SystemClock
from millhand.database import Database

async def main():
    database = Database.at(sys.argv[1], clock=SystemClock())
    await database.open()
    await database.close()

asyncio.run(main())
"""

_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
FROM information_schema.columns WHERE table_schema = %s ORDER BY 1, ordinal_position
"""
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s ORDER BY 1"
_OPTIONS = """
SELECT relname, reloptions FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' ORDER BY 1
"""


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


def run(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def described(url: str, schema: str) -> list[str]:
    rows = [row for query in (_COLUMNS, _INDEXES, _OPTIONS) for row in run(url, query, schema)]
    return [str(row).replace(schema, "SCHEMA") for row in rows if "alembic_version" not in str(row)]


def test_all_migrations_make_what_the_tables_say(url: str) -> None:
    assert schema_up(url).current
    run(url, "CREATE SCHEMA fresh")
    engine = schema_engine(f"{url}?millhand_schema=fresh", 30.0)
    metadata.create_all(engine)
    engine.dispose()
    assert described(url, "millhand") == described(url, "fresh")
    assert any("autovacuum" in line for line in described(url, "fresh"))


def test_status_creates_nothing(url: str) -> None:
    assert schema_status(url).present is None
    assert run(url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'millhand'") == [(0,)]


async def test_tables_of_an_application_are_left_alone(url: str) -> None:
    run(url, "CREATE TABLE jobs (id int)")
    run(url, "CREATE TABLE alembic_version (version_num text)")
    run(url, "INSERT INTO alembic_version VALUES ('their-own')")
    database = Database.at(url, clock=SystemClock())
    await database.open()
    await database.close()
    assert schema_status(url).current
    assert run(url, "SELECT version_num FROM public.alembic_version") == [("their-own",)]
    assert run(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1") == [
        ("alembic_version",),
        ("jobs",),
    ]


async def test_a_place_that_holds_what_is_not_ours_is_refused(url: str) -> None:
    run(url, "CREATE TABLE public.jobs (id int)")
    with pytest.raises(SchemaMismatch, match="jobs that are not ours") as caught:
        await Database.at(f"{url}?millhand_schema=public", clock=SystemClock()).open()
    assert "millhand_schema" in caught.value.hint
    assert run(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


async def test_another_version_is_refused(url: str) -> None:
    schema_up(url)
    run(url, "UPDATE millhand.alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="9999") as caught:
        await Database.at(url, clock=SystemClock()).open()
    assert "schema up" in caught.value.hint


def test_processes_may_make_it_at_once(url: str) -> None:
    openers = [subprocess.Popen([sys.executable, "-c", _OPEN, url]) for _ in range(4)]
    assert [opener.wait(60) for opener in openers] == [0, 0, 0, 0]
    assert schema_status(url).current


async def test_a_user_without_the_right_to_make_it_is_told(url: str) -> None:
    run(url, "CREATE ROLE guest LOGIN")
    as_guest = url.replace("postgres@", "guest@")
    try:
        with pytest.raises(BrokerUnavailable, match="permission denied") as caught:
            await Database.at(as_guest, clock=SystemClock()).open()
        assert "rights" in caught.value.hint
        run(url, "CREATE SCHEMA millhand AUTHORIZATION guest")
        assert schema_up(as_guest).current
    finally:
        run(url, "DROP OWNED BY guest")
        run(url, "DROP ROLE guest")


def test_a_second_schema_is_a_second_millhand(url: str) -> None:
    other = f"{url}?millhand_schema=other"
    assert schema_up(other).current
    assert schema_status(url).present is None


async def test_an_old_server_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("millhand.database.postgres.OLDEST", 990_000)
    with pytest.raises(ConfigError, match="this is PostgreSQL"):
        await Database.at(url, clock=SystemClock()).open()
