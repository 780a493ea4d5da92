"""The broker contract, on the tables that the real pg-boss makes."""

from collections.abc import Callable
from functools import cache, partial

import pytest

from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.control import ControlClauses
from millhand.testing.contract.failing import FailureClauses
from millhand.testing.contract.features import DedupeClauses, DelayClauses, OrderClauses
from millhand.testing.contract.ownership import OwnershipClauses
from millhand.testing.contract.payload import PayloadClauses
from millhand.testing.contract.pgboss import PgBossHarness
from millhand.testing.postgres import PostgresServer
from tests.interop.pgboss import MAIN_VERSION, VERSIONS, prepare


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Callable[[str], str]:
    """The database of each release: one for all tests, since emptying it is quicker than making another."""
    return cache(partial(prepare, postgres))


class TestPgBoss(BrokerContract):
    """All clauses, on the release that is found most."""

    @pytest.fixture
    def harness(self, database: Callable[[str], str]) -> PgBossHarness:
        return PgBossHarness(database(MAIN_VERSION))


class TestOtherReleases(
    PayloadClauses, OwnershipClauses, FailureClauses, DelayClauses, OrderClauses, DedupeClauses, ControlClauses
):
    """The clauses whose statements are made for the columns that a release has; the life-cycle is the same in all."""

    # The tables of 11.1 are those of the main release.
    @pytest.fixture(params=[version for version in VERSIONS if version not in {MAIN_VERSION, "11.1.2"}])
    def harness(self, request: pytest.FixtureRequest, database: Callable[[str], str]) -> PgBossHarness:
        return PgBossHarness(database(request.param))

    # Three seconds of starting Python would say nothing new.
    test_b15_the_job_of_a_killed_process_is_redelivered = None  # pyright: ignore[reportAssignmentType] - left out
