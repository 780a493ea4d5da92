"""A Node application with pg-boss in each release that the tests talk with, and brokers of ours on its tables."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from millhand.brokers.pgboss import PgBossBroker
from millhand.brokers.pgboss.place import SCHEME, parse
from millhand.brokers.pgboss.server import Server
from millhand.core.clock import SystemClock
from millhand.testing.postgres import PostgresServer
from tests.interop.pgboss import VERSIONS, NodeBoss, node_boss, prepare

_NUMBERS = count(1)


@dataclass(frozen=True)
class Application:
    """A Node application with its database; `boss` is its pg-boss client, which supervises nothing."""

    url: str
    version: str
    boss: NodeBoss

    @property
    def broker_url(self) -> str:
        return f"{SCHEME}{self.url.removeprefix('postgresql')}"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def queue(self, **options: object) -> str:
        """Have the application make a new queue; returns its name."""
        name = f"queue-{next(_NUMBERS)}"
        self.boss.call("createQueue", name, options)
        return name

    def send(self, queue: str, data: object, **options: object) -> str:
        """Have the application send a job; returns its id."""
        return self.boss.call("send", queue, data, options)

    def job(self, queue: str, job_id: str) -> dict[str, Any]:
        """A job as the application sees it."""
        return self.boss.call("getJobById", queue, job_id)

    def sql(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """The rows of a statement, past any client."""
        with (
            psycopg.connect(self.url, autocommit=True) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def broker(
        self, *queues: str, worker: str = "worker", lease: float = 30.0, query: str = ""
    ) -> AbstractAsyncContextManager[PgBossBroker]:
        """A broker of ours on these tables."""
        return open_broker(self.broker_url + query, queues, worker, lease)


@asynccontextmanager
async def open_broker(
    url: str, queues: tuple[str, ...], worker: str = "worker", lease: float = 30.0
) -> AsyncGenerator[PgBossBroker]:
    """Open a broker, and close it at the end."""
    broker = PgBossBroker(Server(parse(url), SystemClock()), queues=queues, worker=worker, lease=lease)
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()


@pytest.fixture(scope="session")
def applications(postgres: PostgresServer) -> Generator[Callable[[str], Application]]:
    """The application of each release, started when a test asks for it first."""
    with ExitStack() as stack:

        @cache
        def started(version: str) -> Application:
            url = prepare(postgres, version)
            return Application(url, version, stack.enter_context(node_boss(url, version)))

        yield started


@pytest.fixture(params=VERSIONS)
def application(request: pytest.FixtureRequest, applications: Callable[[str], Application]) -> Application:
    """An application of each release."""
    return applications(request.param)
