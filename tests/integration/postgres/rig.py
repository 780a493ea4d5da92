"""A whole worker in a process of its own, on a database server that a test can fell, behind a network that can fail."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
import sqlalchemy as sa

from millhand import App, Job
from millhand.core.state import State
from millhand.testing.postgres import PostgresServer
from millhand.testing.proxy import Proxy, proxy_to
from tests.integration.worker.faults_app import Obeys, Quick
from tests.integration.worker.serving import app_in, called, calls, process_serving, record_of, said, settled

LEASE = 5.0
UP_WITHIN = 60.0

_MOST_OF_A_CORE = 0.25
_MOST_LINES = 25
"""Each part of a worker may say once that the database is gone, and once that it is back."""
_MOST_CONNECTIONS = 30
_CONNECTIONS_A_SECOND = 15
_MOST_REQUESTS = 500
_REQUESTS_A_SECOND = 150


@dataclass(frozen=True)
class Rig:
    """The parts. `app` reaches the database past the network, `worker` is the process that goes through it."""

    folder: Path
    app: App
    worker: asyncio.subprocess.Process
    network: Proxy

    async def hold(self) -> Job[Obeys]:
        """A job that runs until it is told to end."""
        job = await self.app.enqueue(Obeys(folder=self.folder))
        await called(self.folder, job)
        return job

    async def unharmed(self, job: Job[Any]) -> None:
        """Wait until the job is completed; it was run once, and nothing was charged."""
        record = await settled(self.app, job, within=UP_WITHIN)
        assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 0)
        assert len(calls(self.folder, job)) == 1

    async def works(self) -> None:
        """The worker lives, and runs new jobs."""
        for job in [await self.app.enqueue(Quick(folder=self.folder)) for _ in range(5)]:
            await self.unharmed(job)
        assert self.worker.returncode is None

    async def state(self, job: Job[Any]) -> State:
        """How the job stands."""
        return (await record_of(self.app, job)).state

    @asynccontextmanager
    async def seen_on(self, server: PostgresServer) -> AsyncGenerator["Rig"]:
        """The same rig, whose app looks at another server."""
        async with app_in(self.folder, database=_at(server.port, self.app.settings.database)) as app:
            yield replace(self, app=app)

    @contextmanager
    def calm(self) -> Generator[None]:
        """The worker keeps calm inside: it neither runs hot, nor floods its log, nor knocks without a pause."""
        before = self._effort()
        yield
        after = self._effort()
        took = after.at - before.at
        assert after.cpu - before.cpu < _MOST_OF_A_CORE * took, f"{after.cpu - before.cpu} s of CPU in {took} s"
        assert after.lines - before.lines < _MOST_LINES, said(self.folder)
        assert after.connections - before.connections < _MOST_CONNECTIONS + took * _CONNECTIONS_A_SECOND
        assert after.requests - before.requests < _MOST_REQUESTS + took * _REQUESTS_A_SECOND

    def _effort(self) -> "_Effort":
        used = psutil.Process(self.worker.pid).cpu_times()
        lines = len(said(self.folder).splitlines())
        return _Effort(time.monotonic(), used.user + used.system, lines, self.network.accepted, self.network.asked)


@dataclass(frozen=True, slots=True)
class _Effort:
    at: float
    cpu: float
    lines: int
    connections: int
    requests: int


@asynccontextmanager
async def rig_on(server: PostgresServer, folder: Path, **worker: Any) -> AsyncGenerator[Rig]:  # noqa: ANN401 - any of the worker's settings
    """A rig whose worker has shown that it works."""
    url = await asyncio.to_thread(server.fresh)
    told = {"executors": 1, "lease": LEASE, **worker}
    async with (
        proxy_to(server.port) as network,
        app_in(folder, database=f"{url}?application_name=bystander", **told) as app,
        process_serving(app_in(folder, database=_at(network.port, url), **told)) as process,
    ):
        rig = Rig(folder, app, process, network)
        await settled(app, await app.enqueue(Quick(folder=folder)), within=UP_WITHIN)
        yield rig


@asynccontextmanager
async def second_worker(rig: Rig) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Another worker on the same database, which reaches it past the network."""
    async with process_serving(rig.app) as process:
        yield process


def _at(port: int, url: str) -> str:
    """The same database, at another port."""
    return sa.make_url(url).set(port=port).render_as_string(hide_password=False)


async def end_sessions(server: PostgresServer) -> int:
    """Have the server end the sessions of the worker; returns how many."""

    def end() -> int:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            return len(connection.execute(_END_SESSIONS).fetchall())

    return await asyncio.to_thread(end)


async def run_sql(server: PostgresServer, *statements: str) -> None:
    """Run statements as the administrator, each in a transaction of its own."""

    def run() -> None:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    await asyncio.to_thread(run)


_END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name = 'millhand'
"""
