"""The broker on the tables of pg-boss, ready to be held to the contract."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg

from millhand.brokers.pgboss import PgBossBroker
from millhand.brokers.pgboss.broker import CAPABILITIES
from millhand.brokers.pgboss.place import SCHEME, parse
from millhand.brokers.pgboss.server import Server
from millhand.core.clock import Clock, SystemClock
from millhand.core.job import NewJob
from millhand.core.state import State
from millhand.testing.clock import MovableClock
from millhand.testing.contract.harness import LEASE, BrokerHarness, FullBroker, Opener, Record

_STATES = {
    "created": State.AVAILABLE,
    "retry": State.RETRYABLE,
    "active": State.RUNNING,
    "completed": State.COMPLETED,
    "cancelled": State.CANCELLED,
    "failed": State.DISCARDED,
}
# A clock that the tests can move: a function that hides PostgreSQL's own, and that of pg-boss where it has one.
_CLOCK = """
DROP SCHEMA IF EXISTS moved CASCADE;
CREATE SCHEMA moved;
CREATE TABLE moved.time AS SELECT interval '0' AS by;
CREATE FUNCTION moved.now() RETURNS timestamptz LANGUAGE sql STABLE
  AS 'SELECT pg_catalog.now() + by FROM moved.time';
"""
_OTHER_CLOCK = """
CREATE OR REPLACE FUNCTION pgboss.job_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT moved.now()'
"""
_EMPTY = """
TRUNCATE pgboss.job;
SELECT count(pgboss.delete_queue(name)) FROM pgboss.queue;
"""
# Longer than any clause lets a job run.
_QUEUE = '{"policy": "standard", "expireInSeconds": 86000}'


@asynccontextmanager
async def open_pgboss_broker(
    url: str, worker: str, queues: Sequence[str], lease: float, clock: Clock | None = None
) -> AsyncGenerator[FullBroker]:
    """Open a broker with connections of its own, as a process does."""
    broker = PgBossBroker(Server(parse(url), clock or SystemClock()), queues=queues, worker=worker, lease=lease)
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()


class PgBossHarness(BrokerHarness):
    """A database with the tables of pg-boss, which belongs to the test: it is emptied, and given a clock and queues."""

    def __init__(self, url: str) -> None:
        self._database_url = url
        self.url = f"{SCHEME}{url.removeprefix('postgresql')}?options={quote('-csearch_path=moved,pg_catalog')}"
        self._clock = MovableClock()
        self.clock = self._clock
        self._shared: Server | None = None
        self._queues: set[str] = set()
        self._run(_EMPTY)
        self._run(_CLOCK)
        has_clock, exclusive = self._run(
            "SELECT to_regprocedure('pgboss.job_now()') IS NOT NULL,"
            " EXISTS (SELECT FROM pg_indexes WHERE schemaname = 'pgboss' AND indexdef LIKE '%''exclusive''%')"
        )
        if has_clock:
            self._run(_OTHER_CLOCK)
        self.capabilities = replace(CAPABILITIES, dedupe=exclusive)
        self._need_queue("default")

    def broker(
        self, worker: str = "worker-1", *, queues: Sequence[str] = (), lease: float = LEASE
    ) -> AbstractAsyncContextManager[FullBroker]:
        """Open a broker, and close it at the end."""
        for queue in queues:
            self._need_queue(queue)
        return open_pgboss_broker(self.url, worker, queues, lease, self._clock)

    def attached(self, *, queues: Sequence[str], lease: float) -> FullBroker:
        """A broker on a server that all attached ones share."""
        for queue in queues:
            self._need_queue(queue)
        self._shared = self._shared or Server(parse(self.url), self._clock)
        return PgBossBroker(self._shared, queues=queues, worker="worker-1", lease=lease, shared=True)

    async def detach(self) -> None:
        """Close the shared server."""
        if self._shared is not None:
            await self._shared.close()
            self._shared = None

    def skewed_broker(self, worker: str, ahead: float) -> AbstractAsyncContextManager[FullBroker]:
        """A broker whose own clock is wrong; that of the database is not."""
        clock = MovableClock()
        clock.advance(ahead)
        return open_pgboss_broker(self.url, worker, (), LEASE, clock)

    def opener(self, worker: str, *, lease: float = LEASE) -> Opener:
        """How another process opens a broker."""
        return partial(open_pgboss_broker, self.url, worker, (), lease)

    async def advance(self, seconds: float) -> None:
        """Let time pass for the brokers and for the database."""
        self._clock.advance(seconds)
        await asyncio.to_thread(self._run, "UPDATE moved.time SET by = by + %s * interval '1 s'", seconds)

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Cut all connections, and let nobody in."""
        await asyncio.to_thread(self._lock_out, allow=False)
        try:
            yield
        finally:
            await asyncio.to_thread(self._lock_out, allow=True)

    async def record(self, job_id: str) -> Record:
        """What the job's row tells."""
        state, code, count = await asyncio.to_thread(
            self._run, "SELECT state::text, output ->> 'code', retry_count + 1 FROM pgboss.job WHERE id = %s", job_id
        )
        return Record(_STATES[state], code, count)

    def lose_pushes(self) -> None:
        """Cut the connections of those who listen."""
        self._run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")

    def job(  # noqa: D102 - as in the base
        self,
        args: str = '{"n":1}',
        *,
        queue: str = "default",
        tenant: str = "",
        priority: int = 0,
        delay: float = 0.0,
        key: str | None = None,
        limit_key: str | None = None,
    ) -> NewJob:
        self._need_queue(queue)
        return super().job(
            args, queue=queue, tenant=tenant, priority=priority, delay=delay, key=key, limit_key=limit_key
        )

    def _need_queue(self, name: str) -> None:
        if name not in self._queues:
            self._run(f"SELECT count(pgboss.create_queue(%s, '{_QUEUE}'))", name)
            self._queues.add(name)

    def _lock_out(self, *, allow: bool) -> None:
        name = urlsplit(self._database_url).path.strip("/")
        with psycopg.connect(self._database_url.replace(f"/{name}", "/postgres"), autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allow}'.encode())
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    def _run(self, statement: str, *parameters: object) -> tuple[Any, ...]:
        """The first row, if there is one."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return (cursor.fetchone() or ()) if cursor.description else ()
