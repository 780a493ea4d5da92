"""The broker contract, on the tables that the real pg-boss makes."""

import pytest

from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.pgboss import PgBossHarness
from millhand.testing.postgres import PostgresServer
from tests.interop.pgboss import prepare


class TestPgBoss(BrokerContract):
    """All clauses, on the release that is found most."""

    @pytest.fixture
    def harness(self, postgres: PostgresServer) -> PgBossHarness:
        return PgBossHarness(prepare(postgres))
