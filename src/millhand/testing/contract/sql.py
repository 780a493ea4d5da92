"""The SQL broker, ready to be held to the contract."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import sqlalchemy as sa

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import Clock, SystemClock
from millhand.core.state import State
from millhand.database import Database, Durability
from millhand.database.engines import sqlite_path, writer_engine
from millhand.database.tables import attempts, jobs
from millhand.testing.clock import MovableClock
from millhand.testing.contract.harness import LEASE, BrokerHarness, FullBroker, Opener, Record

_PATIENCE = 0.3

_attempts = sa.select(sa.func.count()).where(attempts.c.job == jobs.c.seq).scalar_subquery()
_JOB = sa.select(jobs.c.state, jobs.c.error_code, _attempts)


@asynccontextmanager
async def open_sql_broker(
    url: str, worker: str, queues: Sequence[str], lease: float, clock: Clock | None = None, patience: float = 30.0
) -> AsyncGenerator[FullBroker]:
    """Open a broker on a database of its own connection, as a process does."""
    database = Database.at(url, clock=clock or SystemClock(), durability=Durability.NORMAL, patience=patience)
    broker = SqlBroker(database, queues=queues, worker=worker, lease=lease)
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()
        await database.close()


class SqlHarness(BrokerHarness):
    """An empty database; each broker has connections of its own, like a process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clock = MovableClock()
        self.clock = self._clock
        self._shared: Database | None = None
        self.capabilities = self.attached(queues=(), lease=LEASE).capabilities

    def broker(
        self, worker: str = "worker-1", *, queues: Sequence[str] = (), lease: float = LEASE
    ) -> AbstractAsyncContextManager[FullBroker]:
        """Open a broker, and close it at the end."""
        return open_sql_broker(self._url, worker, queues, lease, self._clock, _PATIENCE)

    def attached(self, *, queues: Sequence[str], lease: float) -> FullBroker:
        """A broker on a database that all attached ones share."""
        self._shared = self._shared or self._database()
        return SqlBroker(self._shared, queues=queues, worker="worker-1", lease=lease)

    async def detach(self) -> None:
        """Close the shared database."""
        if self._shared is not None:
            await self._shared.close()
            self._shared = None

    def opener(self, worker: str, *, lease: float = LEASE) -> Opener:
        """How another process opens a broker."""
        return partial(open_sql_broker, self._url, worker, (), lease)

    async def advance(self, seconds: float) -> None:
        """Let time pass for every broker of this process."""
        self._clock.advance(seconds)

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Hold the write lock for longer than anyone is patient."""
        engine = writer_engine(self._url, Durability.NORMAL, _PATIENCE)
        try:
            connection = engine.connect()
            with connection.begin():
                yield
            connection.close()
        finally:
            engine.dispose()

    async def record(self, job_id: str) -> Record:
        """What the tables know of a job."""
        return await asyncio.to_thread(self._record, job_id)

    def lose_pushes(self) -> None:
        """Remove the addresses of all who listen."""
        path = sqlite_path(self._url)
        assert path is not None
        for address in path.with_name(f"{path.name}-wake").iterdir():
            with contextlib.suppress(FileNotFoundError):
                address.unlink()

    def _record(self, job_id: str) -> Record:
        engine = writer_engine(self._url, Durability.NORMAL, _PATIENCE)
        try:
            with engine.connect() as connection:
                state, code, count = connection.execute(_JOB.where(jobs.c.id == job_id)).one()
        finally:
            engine.dispose()
        return Record(State(state), code, count)

    def _database(self) -> Database:
        return Database.at(self._url, clock=self._clock, durability=Durability.NORMAL, patience=_PATIENCE)
