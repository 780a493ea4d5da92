"""Whole workers live through what befalls a database server and the way to it: they wait, come back, lose nothing."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from millhand import Job
from millhand.core.state import State
from millhand.testing.postgres import PostgresServer, Stop, postgres_programs, postgres_server
from tests.integration.postgres.rig import LEASE, UP_WITHIN, Rig, end_sessions, rig_on, run_sql, second_worker
from tests.integration.worker.faults_app import Quick
from tests.integration.worker.serving import called, causes, has_ended, let_end, settled
from tests.support import poll_until, skip_or_fail, wait_until

pytestmark = pytest.mark.timeout(180)

OUTAGE = 2.0
"""Seconds for which a fault lasts that is over before any lease."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that the tests of this module break and mend."""
    with running_server() as running:
        yield running


@pytest.mark.parametrize("how", ["fast", "immediate"])
async def test_a_restart_of_the_server_costs_a_running_job_nothing(tmp_path: Path, how: Stop) -> None:
    with running_server() as server:
        async with rig_on(server, tmp_path) as rig:
            job = await rig.hold()
            with rig.calm():
                await asyncio.to_thread(server.stop, how)
                let_end(tmp_path, job)
                await asyncio.sleep(OUTAGE)
                await asyncio.to_thread(server.start)
                await rig.unharmed(job)
                await rig.works()


async def test_an_outage_that_outlasts_the_leases_of_two_workers_costs_neither_its_job(tmp_path: Path) -> None:
    with running_server() as server:
        async with rig_on(server, tmp_path, lease=2.0) as rig, second_worker(rig):
            jobs = [await rig.hold() for _ in range(2)]
            await asyncio.to_thread(server.stop, "fast")
            await asyncio.sleep(2.5)
            await asyncio.to_thread(server.start)
            await lease_renewed(rig, jobs)
            for job in jobs:
                let_end(tmp_path, job)
                await rig.unharmed(job)


async def test_ended_sessions_are_opened_anew(server: PostgresServer, tmp_path: Path) -> None:
    async with rig_on(server, tmp_path) as rig:
        job = await rig.hold()
        waiting = [await rig.app.enqueue(Quick(folder=tmp_path))]
        with rig.calm():
            for _ in range(4):
                await poll_until(lambda: end_sessions(server), within=UP_WITHIN)
                waiting += [await rig.app.enqueue(Quick(folder=tmp_path)) for _ in range(5)]
            let_end(tmp_path, job)
            for each in (job, *waiting):
                await rig.unharmed(each)
        await rig.works()


async def test_a_network_that_stalls_for_less_than_a_lease_costs_nothing(
    server: PostgresServer, tmp_path: Path
) -> None:
    async with rig_on(server, tmp_path) as rig:
        job = await rig.hold()
        with rig.calm():
            rig.network.stall()
            let_end(tmp_path, job)
            await asyncio.sleep(OUTAGE)
            rig.network.resume()
            await rig.unharmed(job)
        await rig.works()


async def test_a_network_that_stalls_and_drops_loses_a_job_to_another_worker_and_no_more(
    server: PostgresServer, tmp_path: Path
) -> None:
    async with rig_on(server, tmp_path, lease=2.0) as rig:
        job = await rig.hold()
        with rig.calm():
            rig.network.stall()
            async with second_worker(rig):
                await called(tmp_path, job, times=2)
                let_end(tmp_path, job, attempt=1)
                await poll_until(lambda: has_ended(tmp_path, job), within=UP_WITHIN)
                rig.network.cut()
                rig.network.resume()
                let_end(tmp_path, job, attempt=2)
                record = await settled(rig.app, job)
        assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 1)
        assert await causes(rig.app, job) == [("lease expired", "available"), ("succeeded", "completed")]
        await rig.works()


async def test_connections_that_die_without_a_sign_are_given_up(server: PostgresServer, tmp_path: Path) -> None:
    async with rig_on(server, tmp_path) as rig:
        job = await rig.hold()
        with rig.calm():
            rig.network.strand()
            let_end(tmp_path, job)
            await rig.unharmed(job)
        await rig.works()


async def test_a_server_that_only_takes_reads_is_an_outage(server: PostgresServer, tmp_path: Path) -> None:
    async with rig_on(server, tmp_path) as rig:
        job = await rig.hold()
        with rig.calm():
            await run_sql(server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
            try:
                let_end(tmp_path, job)
                await asyncio.sleep(OUTAGE)
                assert await rig.state(job) is State.RUNNING
            finally:
                await run_sql(
                    server,
                    "SET default_transaction_read_only = off",
                    "ALTER SYSTEM RESET default_transaction_read_only",
                    "SELECT pg_reload_conf()",
                )
            await rig.unharmed(job)
        await rig.works()


async def test_a_failover_to_a_standby_loses_nothing(tmp_path: Path) -> None:
    with running_server() as primary, standby_of(primary) as standby:
        async with rig_on(primary, tmp_path) as rig:
            job = await rig.hold()
            with rig.calm():
                await asyncio.to_thread(primary.stop, "immediate")
                rig.network.lead_to(standby.port)
                let_end(tmp_path, job)
                await asyncio.sleep(OUTAGE)  # the standby is there by now, and takes reads only
                await asyncio.to_thread(standby.promote)
                async with rig.seen_on(standby) as again:
                    await again.unharmed(job)
                    await again.works()


@contextmanager
def running_server() -> Generator[PostgresServer]:
    """A server that may be broken."""
    programs = postgres_programs()
    if programs is None:
        skip_or_fail("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="millhand-postgres-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        folder.chmod(0o755)  # the server runs as another user where we are root
        with postgres_server(folder / "server", programs) as server:
            yield server


@contextmanager
def standby_of(primary: PostgresServer) -> Generator[PostgresServer]:
    """A server that follows another, which acknowledges nothing that this one does not have."""
    standby = PostgresServer(primary.folder.with_name("standby"), primary.programs)
    standby.create_standby(primary)
    standby.start()
    try:
        with psycopg.connect(primary.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            wait_until(lambda: connection.execute(_FOLLOWERS).fetchone(), within=30, what="the standby follows")
        yield standby
    finally:
        standby.stop("immediate")


_FOLLOWERS = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"


async def lease_renewed(rig: Rig, jobs: Sequence[Job[Any]]) -> None:
    """Wait until these are leased into the future, whoever has them."""
    ids = [job.id for job in jobs]
    query = (
        "SELECT count(*) FROM millhand.jobs WHERE id = ANY(%s) AND lease_until > extract(epoch FROM now()) * 1000000"
    )

    async def look() -> bool:
        async with await psycopg.AsyncConnection.connect(rig.app.settings.database) as connection:
            found = await (await connection.execute(query, [ids])).fetchone()
        return found == (len(jobs),)

    await poll_until(look, within=UP_WITHIN, every=0.05)


@asynccontextmanager
async def locked_jobs(url: str) -> AsyncGenerator[None]:
    """Somebody holds the table of jobs, for himself alone."""
    connection = await psycopg.AsyncConnection.connect(url)
    try:
        await connection.execute("LOCK TABLE millhand.jobs IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        await connection.close()


@pytest.mark.parametrize("seconds", [OUTAGE, LEASE * 1.4])
async def test_a_table_that_somebody_locks_holds_up_everything_and_breaks_nothing(
    server: PostgresServer, tmp_path: Path, seconds: float
) -> None:
    async with rig_on(server, tmp_path) as rig:
        job = await rig.hold()
        waiting = [await rig.app.enqueue(Quick(folder=tmp_path)) for _ in range(5)]
        with rig.calm():
            async with locked_jobs(rig.app.settings.database):
                let_end(tmp_path, job)
                await asyncio.sleep(seconds)
            for each in (job, *waiting):
                await rig.unharmed(each)
        await rig.works()
