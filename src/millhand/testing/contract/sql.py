"""The SQL broker, ready to be held to the contract."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from urllib.parse import urlencode, urlsplit, urlunsplit

import sqlalchemy as sa

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import Clock, SystemClock
from millhand.core.state import State
from millhand.database import Database, Durability, schema_up
from millhand.database.engines import writer_engine
from millhand.database.faults import translated
from millhand.database.tables import attempts, jobs
from millhand.database.urls import ServerAddress, address_of, sqlite_path
from millhand.testing.clock import MovableClock
from millhand.testing.contract.harness import LEASE, BrokerHarness, FullBroker, Opener, Record

_A_LONG_TIME = 30.0

_attempts = sa.select(sa.func.count()).where(attempts.c.job == jobs.c.seq).scalar_subquery()
_JOB = sa.select(jobs.c.state, jobs.c.error_code, _attempts)


@asynccontextmanager
async def open_sql_broker(
    url: str,
    worker: str,
    queues: Sequence[str],
    lease: float,
    clock: Clock | None = None,
    patience: float = 30.0,
    server_clock: Clock | None = None,
) -> AsyncGenerator[FullBroker]:
    """Open a broker on a database of its own connection, as a process does."""
    database = Database.at(
        url,
        clock=clock or SystemClock(),
        durability=Durability.NORMAL,
        patience=patience,
        server_clock=server_clock,
    )
    broker = SqlBroker(database, queues=queues, worker=worker, lease=lease)
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()
        await database.close()


class SqlHarness(BrokerHarness):
    """An empty database; each broker has connections of its own, like a process."""

    patience = 1.0  # a writer waits for all the others, and the machine may be busy

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
        return open_sql_broker(self._url, worker, queues, lease, self._clock, self.patience, self._clock)

    def attached(self, *, queues: Sequence[str], lease: float) -> FullBroker:
        """A broker on a database that all attached ones share."""
        self._shared = self._shared or Database.at(
            self._url,
            clock=self._clock,
            durability=Durability.NORMAL,
            patience=self.patience,
            server_clock=self._clock,
        )
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

    async def record(self, job_id: str) -> Record:
        """What the tables know of a job."""
        return await asyncio.to_thread(self._record, job_id)

    def _record(self, job_id: str) -> Record:
        with self._connected() as connection:
            state, code, count = connection.execute(_JOB.where(jobs.c.id == job_id)).one()
        return Record(State(state), code, count)

    @contextmanager
    def _connected(self) -> Generator[sa.Connection]:
        engine = writer_engine(self._url, Durability.NORMAL, _A_LONG_TIME)
        try:
            with translated(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


class SqliteHarness(SqlHarness):
    """A new file."""

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Hold the write lock for longer than anyone is patient."""
        with self._connected() as connection, connection.begin():
            yield

    def lose_pushes(self) -> None:
        """Remove the addresses of all who listen."""
        path = sqlite_path(self._url)
        assert path is not None
        for address in path.with_name(f"{path.name}-wake").iterdir():
            with contextlib.suppress(FileNotFoundError):
                address.unlink()


class PostgresHarness(SqlHarness):
    """A schema of its own in any PostgreSQL database: nobody else's connections and tables are touched."""

    def __init__(self, url: str) -> None:
        self._name = f"millhand-contract-{secrets.token_hex(4)}"
        parts = urlsplit(url)
        mine = urlencode({"application_name": self._name, "millhand_schema": self._name.replace("-", "_")})
        super().__init__(urlunsplit(parts._replace(query=f"{parts.query}&{mine}".lstrip("&"))))

    def skewed_broker(self, worker: str, ahead: float) -> AbstractAsyncContextManager[FullBroker]:
        """A broker whose machine has its clock set wrong; it asks the real server for the time."""
        clock = MovableClock()
        clock.advance(ahead)
        return open_sql_broker(self._url, worker, (), LEASE, clock, self.patience)

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Cut every connection of ours, and lock the jobs for longer than anyone is patient."""
        with self._connected() as connection, connection.begin():
            self._cut(connection)
            connection.execute(sa.text(f"LOCK TABLE {self._schema}.jobs IN ACCESS EXCLUSIVE MODE"))
            yield

    def lose_pushes(self) -> None:
        """Cut the connections that listen."""
        with self._connected() as connection, connection.begin():
            self._cut(connection, "LISTEN%")

    def create(self) -> None:
        """Make the schema now, rather than with the first broker; raises `BrokerUnavailable`."""
        schema_up(self._url)

    def drop(self) -> None:
        """Take the schema away, with all that is in it."""
        with self._connected() as connection, connection.begin():
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE"))

    @property
    def _schema(self) -> str:
        address = address_of(self._url)
        assert isinstance(address, ServerAddress)
        return address.schema

    def _cut(self, connection: sa.Connection, doing: str = "%") -> None:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = :name AND query LIKE :doing AND pid <> pg_backend_pid()"
            ),
            {"name": self._name, "doing": doing},
        )
