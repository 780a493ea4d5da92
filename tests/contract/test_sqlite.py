"""The broker contract, on SQLite."""

from pathlib import Path

import pytest

from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.sql import SqlHarness


class TestSqlite(BrokerContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> SqlHarness:
        return SqlHarness(f"sqlite:///{tmp_path}/jobs.db")
