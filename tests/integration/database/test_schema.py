"""The schema: what the migrations make is what the tables say, and no other schema is worked with."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from millhand.core.clock import SystemClock
from millhand.core.errors import BrokerUnavailable, SchemaMismatch
from millhand.database import Database, schema_status, schema_up
from millhand.database.schema import HEAD
from millhand.database.tables import metadata

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


def statements(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}


def test_all_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    assert schema_up(f"sqlite:///{tmp_path}/migrated.db").current
    engine = sa.create_engine(f"sqlite:///{tmp_path}/fresh.db")
    metadata.create_all(engine)
    engine.dispose()
    assert statements(tmp_path / "migrated.db") == statements(tmp_path / "fresh.db")


def test_the_newest_migration_is_the_one_that_opening_asks_for() -> None:
    folder = Path(sys.modules["millhand.database"].__file__ or "").parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


def test_status_creates_nothing(tmp_path: Path) -> None:
    status = schema_status(f"sqlite:///{tmp_path}/none.db")
    assert (status.present, status.needed, status.current) == (None, HEAD, False)
    assert list(tmp_path.iterdir()) == []


def test_going_up_twice_is_harmless(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/er/jobs.db"
    assert schema_up(url) == schema_up(url) == schema_status(url)


def test_an_older_schema_is_brought_up_with_what_it_holds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    schema_up(url)
    made = statements(tmp_path / "jobs.db")
    connection = sqlite3.connect(tmp_path / "jobs.db")
    connection.executescript(
        "DROP TABLE endings; DROP TABLE marks; UPDATE alembic_version SET version_num = '0003';"
        "INSERT INTO queues (name) VALUES ('mail')"
    )
    connection.close()
    assert (schema_status(url).current, schema_up(url).current) == (False, True)
    assert statements(tmp_path / "jobs.db") == made
    connection = sqlite3.connect(tmp_path / "jobs.db")
    assert connection.execute("SELECT name FROM queues").fetchall() == [("mail",)]
    connection.close()


async def test_another_schema_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    schema_up(url)
    connection = sqlite3.connect(tmp_path / "jobs.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaMismatch, match="9999") as caught:
        await Database.at(url, clock=SystemClock()).open()
    assert "schema up" in caught.value.hint


async def test_what_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(BrokerUnavailable) as caught:
        await Database.at(f"sqlite:///{tmp_path}/jobs.db", clock=SystemClock()).open()
    assert "backup" in caught.value.hint


def test_processes_may_create_the_same_file_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    openers = [subprocess.Popen([sys.executable, "-c", _OPEN, url]) for _ in range(4)]
    assert [opener.wait(60) for opener in openers] == [0, 0, 0, 0]
    assert schema_status(url).current
