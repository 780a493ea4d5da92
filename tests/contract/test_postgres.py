"""The broker contract, on PostgreSQL."""

from collections.abc import Iterator

import pytest

from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.sql import PostgresHarness
from millhand.testing.postgres import PostgresServer


class TestPostgres(BrokerContract):
    @pytest.fixture
    def harness(self, postgres: PostgresServer) -> Iterator[PostgresHarness]:
        harness = PostgresHarness(postgres.url())
        yield harness
        harness.drop()
