"""Claims on PostgreSQL: they read little whatever the statistics say, and several workers neither wait nor overlap."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
import pytest
import sqlalchemy as sa

from millhand.brokers.sql import SqlBroker, control
from millhand.brokers.sql.claim import Claimer, Lease
from millhand.brokers.sql.queues import LOCK
from millhand.brokers.sql.rescue import rescue_some
from millhand.brokers.sql.send import insert_jobs
from millhand.brokers.sql.settle import settle
from millhand.brokers.sql.stats import queue_stats
from millhand.core.clock import SystemClock
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import Cause, State
from millhand.database import Database
from tests.integration.long_store import STATISTICS, LongStore

FEW = 2_000


@pytest.fixture(params=STATISTICS)
async def store(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[LongStore]:
    async with LongStore(postgres_url, request.param) as store:
        yield store


def ended(delivery: Delivery, now: int) -> Settlement:
    return Settlement(
        delivery=delivery,
        state=State.COMPLETED,
        cause=Cause.SUCCEEDED,
        charge=Charge.ATTEMPT,
        started_at=now,
        finished_at=now,
    )


async def test_nothing_reads_the_backlog(store: LongStore) -> None:
    found: dict[str, int] = {}
    for queue in ("main", "other", "empty"):
        claimer = Claimer([queue])

        def claim_and_settle(connection: sa.Connection, claimer: Claimer = claimer) -> None:
            now = store.clock.now()
            claim = claimer.claim(connection, 10, Lease("w", now, now + 60_000_000))
            settle(connection, [ended(delivery, now) for delivery in claim.deliveries], "w", now)

        found[f"claim from {queue}"] = await store.rows_read(claim_and_settle)

        def claim_at_once(connection: sa.Connection, claimer: Claimer = claimer) -> None:
            now = store.clock.now()
            claimer.claim_at_once(connection, 10, Lease("w", now, now + 60_000_000))

        found[f"claim from {queue} at once"] = await store.rows_read(claim_at_once)
    limited = Claimer(["main"])

    def claim_within_limits(connection: sa.Connection) -> None:
        control.set_caps(connection, "main", Caps(queue=50, tenant=20, limit_key=2))
        now = store.clock.now()
        limited.claim(connection, 10, Lease("w", now, now + 60_000_000))

    found["claim within limits"] = await store.rows_read(claim_within_limits)
    found["rescue"] = await store.rows_read(lambda connection: rescue_some(connection, store.clock.now()))
    new = NewJob(id="new", kind="k", args="{}", queue="main", key="key")
    found["send with a key"] = await store.rows_read(
        lambda connection: insert_jobs(connection, [new._replace(id=store.clock.new_id())], store.clock.now())
    )
    assert max(found.values()) < FEW, found
    # Three queues, each with five numbers of up to 10,000.
    assert await store.rows_read(queue_stats, times=1) < 60_000


async def test_a_single_statement_claims_only_where_there_is_nothing_to_choose(postgres_url: str) -> None:
    async with brokers(postgres_url, 1) as [broker], database_at(postgres_url) as database:

        async def claimed(*names: str, later: float = 0) -> list[str]:
            now = database.clock.now() + int(later * 1_000_000)
            lease = Lease("w", now, now + 60_000_000)
            claim = await database.write(lambda connection: Claimer(names).claim_at_once(connection, 2, lease))
            return [each.job_id for each in claim.deliveries]

        def job(name: str) -> NewJob:
            return NewJob(id=name, kind="k", args="{}", queue="a")

        assert await claimed() == []
        await broker.send([job(f"a{number}") for number in range(7)])
        assert await claimed() == ["a0", "a1"]
        await broker.send([job("b0")._replace(queue="b")])
        assert await claimed() == [], "two queues take turns"
        assert await claimed("a", "none") == ["a2", "a3"]
        await broker.pause("b")
        assert await claimed() == ["a4", "a5"]
        assert await claimed("b") == [], "it is paused"
        await broker.send([job("due")._replace(run_at=database.clock.now() + 60_000_000)])
        assert await claimed("a", later=61) == [], "what is due has its turn by age"
        await broker.set_caps("a", Caps(queue=50))
        assert await claimed() == [], "limits are counted under a lock"
        await broker.set_caps("a", Caps())
        await broker.send([job("other")._replace(tenant="other")])
        assert await claimed() == [], "two tenants take turns"


@asynccontextmanager
async def database_at(url: str) -> AsyncIterator[Database]:
    """The database, open."""
    database = Database.at(url, clock=SystemClock())
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def brokers(url: str, count: int) -> AsyncIterator[list[SqlBroker]]:
    """Brokers with connections of their own, as in so many processes."""
    async with AsyncExitStack() as stack:
        found: list[SqlBroker] = []
        for number in range(count):
            database = Database.at(url, clock=SystemClock())
            broker = SqlBroker(database, queues=(), worker=f"w{number}", lease=30.0)
            await broker.open()
            stack.push_async_callback(database.close)
            stack.push_async_callback(broker.close)
            found.append(broker)
        yield found


async def test_workers_share_the_lanes_of_many_tenants(postgres_url: str) -> None:
    clock = SystemClock()
    new = [NewJob(id=clock.new_id(), kind="k", args="{}", tenant=f"t{number % 7}") for number in range(2_000)]

    async def work(broker: SqlBroker) -> list[str]:
        done: list[str] = []
        while deliveries := await broker.receive(20, 1.0):
            assert all(await broker.settle([ended(delivery, clock.now()) for delivery in deliveries]))
            done += [delivery.job_id for delivery in deliveries]
        return done

    async with brokers(postgres_url, 4) as all_of_them:
        await all_of_them[0].send(new)
        shares = await asyncio.gather(*(work(broker) for broker in all_of_them))
    assert Counter(job_id for share in shares for job_id in share) == Counter(job.id for job in new)
    assert min(len(share) for share in shares) > len(new) / 40, "one of them was kept out"


async def test_a_worker_that_stands_still_while_it_claims_holds_up_nobody(postgres_url: str) -> None:
    async with brokers(postgres_url, 1) as [broker]:
        await broker.send([NewJob(id=f"job-{number}", kind="k", args="{}") for number in range(3)])
        [held] = await broker.receive(1, 0)
        await broker.set_caps("default", Caps(queue=2))
        with psycopg.connect(postgres_url) as standing:
            standing.execute("SELECT pg_advisory_xact_lock(%s, hashtext('default'))", [LOCK])
            assert await broker.receive(1, 0) == []
            assert await broker.extend([held], 30.0) == [True]
            waiting = asyncio.create_task(broker.receive(1, 20))
            assert await broker.settle([ended(held, 1)]) == [True]
            standing.rollback()
            assert len(await asyncio.wait_for(waiting, 5)) == 1
