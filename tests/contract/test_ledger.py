"""The ledger contract, on SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from millhand.core.clock import SystemClock
from millhand.database import Database, Durability
from millhand.testing.contract.ledger import LedgerContract


class TestSqlite(LedgerContract):
    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        url = f"sqlite:///{tmp_path}/ledger.db"
        database = Database.at(url, clock=SystemClock(), durability=Durability.NORMAL)
        await database.open()
        yield database
        await database.close()
