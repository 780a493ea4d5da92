"""What one process shares on one pg-boss: connections, what the tables look like, the queues, and who listens."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from millhand.brokers.pgboss.bell import Bell
from millhand.brokers.pgboss.connections import PATIENCE, Connection, Connections
from millhand.brokers.pgboss.ears import Ears
from millhand.brokers.pgboss.place import Place
from millhand.brokers.pgboss.queues import Queues
from millhand.brokers.pgboss.tables import Tables, detect
from millhand.core.clock import Clock
from millhand.core.errors import BrokerUnavailable, SchemaMismatch

_LOOK_AGAIN = 60.0
"""Seconds after which the tables are looked at anew: an application may have upgraded its pg-boss."""


class Server:
    """The database of a pg-boss."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self.place = place
        self.clock = clock
        self.bell = Bell()
        self.queues = Queues(clock)
        self._connections = Connections(place.dsn)
        self._ears = Ears(self._connections, self.bell)
        self._tables: Tables | None = None
        self._looked_at = 0.0

    async def open(self) -> None:
        """Connect and look what is there; raises `SchemaMismatch`. Calling it twice is harmless."""
        self._connections.open()
        self._tables = None
        async with self.use() as (_, tables):
            self._ears.open(tables)

    async def close(self) -> None:
        """Disconnect. Calling it twice, or before `open`, is harmless."""
        await self._ears.close()
        await self._connections.close()

    @asynccontextmanager
    async def use(self, patience: float = PATIENCE) -> AsyncGenerator[tuple[Connection, Tables]]:
        """A connection, and what the tables look like; raises `BrokerUnavailable`."""
        known = self._tables
        try:
            async with self._connections.use(patience) as connection:
                yield connection, await self._present(connection)
        except SchemaMismatch as error:
            self._tables = None
            self.queues.forget()
            if known is None:
                raise
            raise BrokerUnavailable(error.message, hint="They are looked at anew with the next call.") from error

    async def _present(self, connection: Connection) -> Tables:
        now = self.clock.monotonic()
        if self._tables is None or now - self._looked_at > _LOOK_AGAIN:
            self._tables = await detect(connection, self.place.schema)
            self._looked_at = now
        return self._tables
