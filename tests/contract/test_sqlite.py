"""The broker contract, on SQLite."""

from pathlib import Path

import pytest

from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.sql import SqliteHarness


class TestSqlite(BrokerContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> SqliteHarness:
        return SqliteHarness(f"sqlite:///{tmp_path}/jobs.db")
