"""The embedded broker: jobs wait, are leased and settled as rows of the same database that holds their history."""

from collections.abc import Sequence

from millhand.brokers.sql.broker import SqlBroker
from millhand.core.errors import ConfigError
from millhand.database import Database

__all__ = ["SqlBroker", "connect"]


def connect(url: str, *, database: Database, worker: str, queues: Sequence[str], lease: float) -> SqlBroker:
    """Make the broker on the ledger's database; raises `ConfigError` for any other one."""
    if url != database.url:
        raise ConfigError(
            "the embedded broker and the ledger must be the same database, as one transaction moves both",
            hint="Give both the same URL, or only one.",
        )
    return SqlBroker(database, queues=queues, worker=worker, lease=lease)
