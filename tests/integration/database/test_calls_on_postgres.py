"""Calls between processes by NOTIFY: they outlast a cut, nobody hears himself, and behind a pooler it works without."""

import asyncio
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import SystemClock
from millhand.core.job import NewJob
from millhand.database import Database
from millhand.testing.postgres import PostgresServer, as_owner
from tests.support import poll_until, wait_until

_POOLER = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
"""


def _listening(admin: psycopg.Connection) -> set[int]:
    """The server's processes that listen in this database."""
    wanted = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    return {pid for (pid,) in admin.execute(wanted)}


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database.at(url, clock=SystemClock())
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def test_a_cut_line_is_mended(postgres_url: str) -> None:
    async with opened(postgres_url) as here, opened(postgres_url) as there:
        await here.waker.wait(0.01)
        await poll_until(lambda: here.waker.hears_calls)
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            cut = _listening(admin)
            admin.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", [sorted(cut)])
            await poll_until(lambda: len(_listening(admin) - cut) == len(cut))
        await poll_until(lambda: here.waker.hears_calls)
        ticket = here.waker.ticket
        there.waker.notify()
        begun = time.perf_counter()
        assert await here.waker.wait(10, since=ticket)
        assert time.perf_counter() - begun < 1


async def test_nobody_hears_himself(postgres_url: str) -> None:
    async with opened(postgres_url) as here, opened(postgres_url) as there:
        for each in (here, there):
            await each.waker.wait(0.01)
            await poll_until(lambda each=each: each.waker.hears_calls)
        own, other = here.waker.ticket, there.waker.ticket
        here.waker.notify()
        await poll_until(lambda: there.waker.ticket == other + 1)
        await asyncio.sleep(0.2)
        assert here.waker.ticket == own + 1


@pytest.fixture
def pooler(postgres: PostgresServer) -> Iterator[int]:
    """The port of a PgBouncer that gives any server connection to any transaction."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("PgBouncer is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="millhand-pgbouncer-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        config, log = folder / "pgbouncer.ini", folder / "log"
        config.write_text(_POOLER.format(server=postgres.port, port=port))
        with log.open("wb") as sink:
            process = subprocess.Popen([*as_owner(), program, str(config)], stdout=sink, stderr=sink)
        try:
            wait_until(lambda: b"process up" in log.read_bytes(), what="PgBouncer to start")
            yield port
        finally:
            process.terminate()
            process.wait(10)


async def test_behind_a_pooler_it_works_without_calls(postgres_url: str, postgres: PostgresServer, pooler: int) -> None:
    url = postgres_url.replace(f":{postgres.port}/", f":{pooler}/")
    async with opened(url) as here, opened(url) as there:
        receiver = SqlBroker(here, queues=(), worker="receiver", lease=30.0)
        sender = SqlBroker(there, queues=(), worker="sender", lease=30.0)
        for broker in (receiver, sender):
            await broker.open()
        for number in range(20):  # more often than statements are prepared elsewhere
            waiting = asyncio.create_task(receiver.receive(1, 10))
            await sender.send([NewJob(id=f"job-{number}", kind="test.kind", args="{}")])
            [delivery] = await waiting
            assert delivery.job_id == f"job-{number}"
        assert not here.waker.hears_calls
