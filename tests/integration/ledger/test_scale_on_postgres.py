"""Reads for people walk along indexes on PostgreSQL too, whatever the server believes of the tables."""

from collections.abc import AsyncIterator

import pytest

from millhand.core.clock import after
from millhand.core.state import State
from millhand.ledger import sums
from millhand.ledger.filters import JobFilter
from millhand.ledger.inspector import activity, failures, jobs, overview, queues
from millhand.ledger.retention import JobBatch
from tests.integration.long_store import BACKLOG, LongStore


@pytest.fixture(params=["none", "before the backlog"])
async def store(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[LongStore]:
    async with LongStore(postgres_url, request.param) as store:
        yield store


async def test_reads_are_bounded(store: LongStore) -> None:
    now = store.clock.now()
    waiting = JobFilter(states=frozenset({State.AVAILABLE}))
    rare = JobFilter(states=frozenset({State.RETRYABLE}), kind="none.such")
    found = {
        "newest jobs": await store.rows_read(lambda connection: jobs.page(connection, JobFilter(), None, 50)),
        "jobs of a parent": await store.rows_read(
            lambda connection: jobs.page(connection, JobFilter(parent="p"), None, 50)
        ),
        "failures": await store.rows_read(lambda connection: failures.groups(connection, 50, now)),
        "activity": await store.rows_read(lambda connection: activity.activity(connection, now)),
        "sums": await store.rows_read(lambda connection: sums.counted(connection, now - 10**9, now)),
        "queues": await store.rows_read(lambda connection: queues.overview(connection, [], now)),
        "pruning": await store.rows_read(JobBatch(State.CANCELLED, now, 200).delete),
    }
    assert max(found.values()) < 1_000, found
    bounded = {
        "jobs of a state": await store.rows_read(lambda connection: jobs.page(connection, waiting, None, 50)),
        "a search": await store.rows_read(lambda connection: jobs.page(connection, rare, None, 50), times=2),
        "tally": await store.rows_read(jobs.tally, times=2),
        "overview": await store.rows_read(
            lambda connection: overview.overview(connection, now, after(now, -30.0)), times=2
        ),
    }
    assert max(bounded.values()) < 5 * BACKLOG, bounded
