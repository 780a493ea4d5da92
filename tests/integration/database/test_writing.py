"""The single writer: group commit, faults that stay with their owner, callers that go away, other processes' locks."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from millhand.core.clock import SystemClock
from millhand.core.errors import BrokerUnavailable
from millhand.database import Database, Durability
from millhand.database.tables import queues
from tests.support import poll_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = Database.at(f"sqlite:///{path}", clock=SystemClock(), patience=5.0)
    await database.open()
    yield database
    await database.close()


def add(connection: sa.Connection, name: str) -> sa.RootTransaction | sa.Transaction | None:
    connection.execute(sa.insert(queues).values(name=name))
    return connection.get_transaction()


async def names(database: Database) -> set[str]:
    return await database.read(lambda connection: set(connection.scalars(sa.select(queues.c.name))))


async def test_waiting_writes_share_a_commit(database: Database) -> None:
    writes = [database.write(lambda connection, name=str(number): add(connection, name)) for number in range(300)]
    transactions = await asyncio.gather(*writes)
    assert len(set(map(id, transactions))) < 60
    assert len(await names(database)) == 300


async def test_a_fault_stays_with_its_owner(database: Database) -> None:
    def broken(connection: sa.Connection) -> None:
        add(connection, "broken")
        raise ValueError("on purpose")

    good = [database.write(lambda connection, name=str(number): add(connection, name)) for number in range(20)]
    results = await asyncio.gather(*good[:10], database.write(broken), *good[10:], return_exceptions=True)
    assert [type(each) for each in results if isinstance(each, BaseException)] == [ValueError]
    assert await names(database) == {str(number) for number in range(20)}


async def test_an_operation_not_begun_is_dropped_with_its_caller(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()
    blocking = asyncio.create_task(database.write(lambda _: (begun.set(), go_on.wait(10))))
    await poll_until(begun.is_set)
    waiting = asyncio.create_task(database.write(lambda connection: add(connection, "dropped")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await blocking
    assert await names(database) == set()


async def test_a_result_that_nobody_takes_is_undone(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(connection: sa.Connection) -> str:
        add(connection, "done")
        begun.set()
        go_on.wait(10)
        return "done"

    writing = asyncio.create_task(
        database.write(work, undo=lambda name: lambda connection: add(connection, f"undone {name}"))
    )
    await poll_until(begun.is_set)
    writing.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await poll_until(lambda: _has(database, "undone done"))


async def test_closing_undoes_what_nobody_took(path: Path) -> None:
    database = Database.at(f"sqlite:///{path}", clock=SystemClock())
    await database.open()
    writing = asyncio.create_task(
        database.write(lambda connection: add(connection, "a"), undo=lambda _: lambda connection: add(connection, "b"))
    )
    await asyncio.sleep(0)
    writing.cancel()
    await database.close()
    await database.open()
    assert await names(database) in (set(), {"a", "b"})
    await database.close()


async def test_reading_goes_on_while_a_write_is_under_way(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(connection: sa.Connection) -> None:
        add(connection, "unseen")
        begun.set()
        go_on.wait(10)

    writing = asyncio.create_task(database.write(work))
    await poll_until(begun.is_set)
    assert await names(database) == set()
    go_on.set()
    await writing
    assert await names(database) == {"unseen"}


async def test_a_write_waits_for_other_processes(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(database.write(lambda connection: add(connection, "a")))
    await asyncio.sleep(0.2)
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing
    assert await names(database) == {"a"}


async def test_a_full_disk_is_an_outage_that_passes(database: Database) -> None:
    def limit_pages(connection: sa.Connection, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    await database.write(lambda connection: limit_pages(connection, 1))
    with pytest.raises(BrokerUnavailable, match="full") as caught:
        await database.write(lambda connection: add(connection, "x" * 1_000_000))
    assert "disk" in caught.value.hint
    await database.write(lambda connection: limit_pages(connection, 1_000_000))
    await database.write(lambda connection: add(connection, "x" * 1_000_000))


@pytest.mark.parametrize(("durability", "level"), [(Durability.FULL, 2), (Durability.NORMAL, 1)])
async def test_durability_is_what_was_asked_for(path: Path, durability: Durability, level: int) -> None:
    database = Database.at(f"sqlite:///{path}", clock=SystemClock(), durability=durability)
    await database.open()
    assert await database.write(lambda connection: connection.exec_driver_sql("PRAGMA synchronous").scalar()) == level
    assert await database.read(lambda connection: connection.exec_driver_sql("PRAGMA journal_mode").scalar()) == "wal"
    await database.close()


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(BrokerUnavailable):
        await database.read(lambda connection: add(connection, "a"))


async def test_nothing_works_before_opening(path: Path) -> None:
    database = Database.at(f"sqlite:///{path}", clock=SystemClock())
    await database.close()
    with pytest.raises(BrokerUnavailable, match="not open"):
        await database.write(lambda connection: add(connection, "a"))
    with pytest.raises(BrokerUnavailable, match="not open"):
        await names(database)


async def _has(database: Database, name: str) -> bool:
    return name in await names(database)
