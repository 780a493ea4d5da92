"""A broker on the tables of pg-boss, a queue of Node applications: their jobs are ours to run, and ours are theirs."""

from collections.abc import Sequence

from millhand.brokers.pgboss.broker import PgBossBroker
from millhand.brokers.pgboss.options import JobOptions
from millhand.brokers.pgboss.place import parse
from millhand.brokers.pgboss.server import Server
from millhand.database import Database

__all__ = ["JobOptions", "PgBossBroker", "connect"]


def connect(url: str, *, database: Database, worker: str, queues: Sequence[str], lease: float) -> PgBossBroker:
    """Make the broker on the tables that the URL names; of the ledger's database it takes the clock only."""
    return PgBossBroker(Server(parse(url), database.clock), queues=queues, worker=worker, lease=lease)
