"""A broker on the tables of pg-boss, a queue of Node applications: their jobs are ours to run, and ours are theirs."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from millhand.brokers.pgboss.broker import PgBossBroker
from millhand.brokers.pgboss.options import JobOptions
from millhand.brokers.pgboss.place import parse
from millhand.brokers.pgboss.server import Server
from millhand.core.clock import SystemClock
from millhand.database import Database

__all__ = ["JobOptions", "PgBossBroker", "connect", "sending"]


def connect(url: str, *, database: Database, worker: str, queues: Sequence[str], lease: float) -> PgBossBroker:
    """Make the broker on the tables that the URL names; of the ledger's database it takes the clock only."""
    return PgBossBroker(Server(parse(url), database.clock), queues=queues, worker=worker, lease=lease)


@asynccontextmanager
async def sending(url: str) -> AsyncGenerator[PgBossBroker]:
    """An open broker for a program that sends plain data with pg-boss' own options, and receives nothing.

    Raises `ConfigError` for the URL, `BrokerUnavailable` and `SchemaMismatch`.
    """
    server = Server(parse(url), SystemClock())
    broker = PgBossBroker(server, queues=(), worker="", lease=1.0)  # whoever only sends leases nothing
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()
