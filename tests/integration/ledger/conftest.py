"""A ledger on a real SQLite file and on PostgreSQL, with a clock that the test moves, and a broker that fills it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.database import Database, Durability
from millhand.ledger.inspector import Inspector
from tests.integration.ledger.support import Factory, MovableClock


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
async def database(url: str, clock: MovableClock) -> AsyncIterator[Database]:
    database = Database.at(url, clock=clock, durability=Durability.NORMAL, server_clock=clock)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def broker(database: Database) -> AsyncIterator[SqlBroker]:
    broker = SqlBroker(database, queues=(), worker="worker-1", lease=60.0)
    await broker.open()
    yield broker
    await broker.close()


@pytest.fixture
def inspector(database: Database) -> Inspector:
    return Inspector(database)


@pytest.fixture
def factory(broker: SqlBroker, clock: MovableClock) -> Factory:
    return Factory(broker, clock)
