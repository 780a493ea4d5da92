"""What a server or its network can do to a process: it is told in our words, and nothing is done twice or half."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import MICROSECONDS, SystemClock, after
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import NewJob
from millhand.database import Database, schema_up
from millhand.database.tables import jobs, queues
from millhand.testing.postgres import PostgresServer, postgres_server
from millhand.testing.proxy import Proxy, proxy_to
from tests.support import poll_until

PATIENCE = 2.0

# As part of a commit: then the answer to it takes a second.
SLOW_COMMIT = """
CREATE FUNCTION millhand.pause() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER pause AFTER {event} ON millhand.{table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION millhand.pause()
"""


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database.at(url, clock=SystemClock(), patience=PATIENCE)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with opened(url) as database:
        yield database


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[Proxy]:
    async with proxy_to(postgres.port) as proxy:
        yield proxy


@pytest.fixture
async def far(url: str, postgres: PostgresServer, proxy: Proxy) -> AsyncIterator[Database]:
    """The database at the other end of the proxy."""
    async with opened(url.replace(f":{postgres.port}/", f":{proxy.port}/")) as database:
        yield database


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(url, autocommit=True, application_name="admin") as connection:
        yield connection


def is_committing(admin: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Whether a session is in a slow commit now."""
    wanted = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    return admin.execute(wanted).fetchone() is not None


def end_sessions(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def add(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.insert(queues).values(name=name))


async def names(database: Database) -> set[str]:
    return await database.read(lambda connection: set(connection.scalars(sa.select(queues.c.name))))


async def broker_on(database: Database) -> SqlBroker:
    broker = SqlBroker(database, queues=(), worker="w", lease=30.0)
    await broker.open()
    return broker


def job() -> NewJob:
    return NewJob(id=SystemClock().new_id(), kind="test.kind", args="{}")


async def test_a_connection_cut_while_idle_is_not_noticed(
    database: Database, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    broker = await broker_on(database)
    for number in range(3):
        end_sessions(admin)
        await database.write(lambda connection, name=str(number): add(connection, name))
        assert str(number) in await names(database)
        end_sessions(admin)
        await broker.send([job()])  # a lone statement, without a BEGIN that could be repeated
    assert len(await broker.receive(10, 0)) == 3


async def test_a_transaction_that_is_cut_leaves_nothing(
    database: Database, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    runs: list[str] = []

    def cut_in_the_middle(connection: sa.Connection) -> None:
        runs.append("run")
        add(connection, "half")
        end_sessions(admin)
        add(connection, "other half")

    others = [database.write(lambda connection, name=f"other {n}": add(connection, name)) for n in range(3)]
    results = await asyncio.gather(*others, database.write(cut_in_the_middle), return_exceptions=True)
    assert isinstance(results[-1], BrokerUnavailable)
    assert runs == ["run"]
    kept = {f"other {n}" for n, result in enumerate(results[:-1]) if result is None}
    assert await names(database) == kept
    await database.write(lambda connection: add(connection, "afterwards"))


async def test_an_operation_whose_commit_was_not_answered_is_not_run_again(
    far: Database, admin: psycopg.Connection[tuple[object, ...]], proxy: Proxy
) -> None:
    admin.execute(SLOW_COMMIT.format(event="INSERT", table="queues").encode())
    runs: list[str] = []

    def work(connection: sa.Connection) -> None:
        runs.append("run")
        add(connection, "once")

    writing = asyncio.create_task(far.write(work))
    await poll_until(lambda: runs)
    await poll_until(lambda: is_committing(admin))
    proxy.cut()
    with pytest.raises(BrokerUnavailable):
        await writing
    await poll_until(lambda: _has(far, "once"))
    assert runs == ["run"]


async def test_a_send_that_was_not_answered_can_be_repeated(
    far: Database, admin: psycopg.Connection[tuple[object, ...]], proxy: Proxy
) -> None:
    admin.execute(SLOW_COMMIT.format(event="INSERT", table="jobs").encode())
    broker = await broker_on(far)
    new = job()
    sending = asyncio.create_task(broker.send([new]))
    await poll_until(lambda: is_committing(admin))
    proxy.cut()
    with pytest.raises(BrokerUnavailable):
        await sending
    [sent] = await broker.send([new])
    assert (sent.id, sent.duplicate) == (new.id, False)
    assert [delivery.job_id for delivery in await broker.receive(10, 5)] == [new.id]


async def test_a_lease_that_was_not_answered_is_given_back(
    far: Database, admin: psycopg.Connection[tuple[object, ...]], proxy: Proxy
) -> None:
    broker = await broker_on(far)
    await broker.send([job()])
    admin.execute(SLOW_COMMIT.format(event="UPDATE", table="jobs").encode())
    receiving = asyncio.create_task(broker.receive(1, 0))
    await poll_until(lambda: is_committing(admin))
    proxy.cut()
    with pytest.raises(BrokerUnavailable):
        await receiving
    await poll_until(lambda: _state_is(far, "running"), what="the first commit to be done")
    [delivery] = await broker.receive(1, 5)
    assert (delivery.attempt, delivery.crashes) == (1, 0)


async def test_a_network_that_swallows_everything_is_noticed(far: Database, proxy: Proxy) -> None:
    await far.write(lambda connection: add(connection, "before"))
    proxy.stall()
    begun = time.monotonic()
    said = await asyncio.gather(
        far.write(lambda connection: add(connection, "lost")), names(far), return_exceptions=True
    )
    assert time.monotonic() - begun < 25
    for each in said:
        assert isinstance(each, BrokerUnavailable)
        assert each.hint
    proxy.resume()
    proxy.cut()
    await far.write(lambda connection: add(connection, "after"))
    assert {"before", "after"} <= await names(far)


async def test_a_server_that_only_reads_is_an_outage(
    database: Database, admin: psycopg.Connection[tuple[object, ...]], url: str
) -> None:
    name = url.rpartition("/")[2]
    admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    end_sessions(admin)
    with pytest.raises(BrokerUnavailable, match="read-only") as caught:
        await database.write(lambda connection: add(connection, "a"))
    assert "primary" in caught.value.hint
    admin.execute("SET default_transaction_read_only = off")
    admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
    await database.write(lambda connection: add(connection, "b"))
    assert await names(database) == {"b"}


async def test_too_many_connections_are_an_outage(admin: psycopg.Connection[tuple[object, ...]], url: str) -> None:
    admin.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0; GRANT ALL ON SCHEMA millhand TO crowd")
    try:
        with pytest.raises(BrokerUnavailable, match="too many connections") as caught:
            await Database.at(url.replace("postgres@", "crowd@"), clock=SystemClock()).open()
        assert "max_connections" in caught.value.hint
    finally:
        admin.execute("DROP OWNED BY crowd; DROP ROLE crowd")


async def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    begun = time.monotonic()
    with pytest.raises(BrokerUnavailable, match="timeout") as caught:
        await database.write(lambda connection: connection.execute(sa.select(sa.func.pg_sleep(30))) and None)
    assert "too long" in caught.value.hint
    assert time.monotonic() - begun < 10
    await database.write(lambda connection: add(connection, "a"))


async def test_one_that_stands_still_in_a_transaction_keeps_nobody_waiting_for_long(
    database: Database, url: str
) -> None:
    async with opened(url) as other:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stand_still(connection: sa.Connection) -> None:
            add(connection, "same")
            loop.call_soon_threadsafe(stopped.set)
            time.sleep(3 * PATIENCE)
            add(connection, "too late")

        standing = asyncio.create_task(other.write(stand_still))
        await stopped.wait()
        begun = time.monotonic()
        await poll_until(lambda: _added(database, "same"), within=4 * PATIENCE)
        assert time.monotonic() - begun < 2.5 * PATIENCE
        with pytest.raises(BrokerUnavailable):
            await standing


async def test_a_server_that_stops_and_starts_again(postgres: PostgresServer) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="millhand-postgres-", ignore_cleanup_errors=True) as place,
        postgres_server(_public(place), postgres.programs) as server,
    ):
        schema_up(server.url())
        async with opened(server.url()) as database:
            broker = await broker_on(database)
            await broker.send([job()])
            [held] = await broker.receive(1, 0)
            for mode in ("fast", "immediate"):
                await asyncio.to_thread(server.stop, mode)
                begun = time.monotonic()
                with pytest.raises(BrokerUnavailable) as caught:
                    await broker.send([job()])
                assert "reached" in caught.value.hint
                assert time.monotonic() - begun < 5
                await asyncio.to_thread(server.start)
                assert await broker.extend([held], 30.0) == [True]
            assert await broker.receive(1, 0) == []


async def test_the_servers_clock_counts(url: str) -> None:
    class Wrong(SystemClock):
        def now(self) -> int:
            return after(super().now(), 300.0)

    database = Database.at(url, clock=Wrong())
    await database.open()
    assert abs(database.clock.now() - SystemClock().now()) < 0.1 * MICROSECONDS
    assert abs(database.lag - 300) < 0.1
    await database.close()


async def _has(database: Database, name: str) -> bool:
    return name in await names(database)


async def _added(database: Database, name: str) -> bool:
    try:
        await database.write(lambda connection: add(connection, name))
    except BrokerUnavailable:
        return False
    return True


async def _state_is(database: Database, state: str) -> bool:
    return await database.read(lambda connection: connection.scalar(sa.select(jobs.c.state)) == state)


def _public(place: str) -> Path:
    """A folder that the user of the server can reach too."""
    folder = Path(place)
    folder.chmod(0o755)
    return folder / "own"
