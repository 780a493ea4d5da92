"""The ledger contract, on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from millhand.core.clock import SystemClock
from millhand.database import Database, Durability
from millhand.testing.contract.ledger import LedgerContract


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database.at(url, clock=SystemClock(), durability=Durability.NORMAL)
    await database.open()
    yield database
    await database.close()


class TestSqlite(LedgerContract):
    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        async with opened(f"sqlite:///{tmp_path}/ledger.db") as database:
            yield database


class TestPostgres(LedgerContract):
    @pytest.fixture
    async def database(self, postgres_url: str) -> AsyncIterator[Database]:
        async with opened(postgres_url) as database:
            yield database
