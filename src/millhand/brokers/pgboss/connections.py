"""A few connections to the database, made when they are needed and kept; each call uses one of them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from millhand.brokers.pgboss.faults import translated
from millhand.core.errors import BrokerUnavailable

Connection = psycopg.AsyncConnection[DictRow]
Row = dict[str, Any]

_MOST = 4
PATIENCE = 20.0
"""Seconds that one use of a connection may take: a server that hangs is an outage."""

# A peer that is gone without a word is noticed in half a minute, on our side and on the server's.
_ALIVE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "millhand",
}
_SERVER_ALIVE = (
    b"SELECT set_config(name, setting, false) FROM (VALUES "
    b"('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')"
    b") AS wanted (name, setting)"
)


class Connections:
    """Connections of one process to one database. Each is in autocommit mode."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._idle: list[Connection] = []
        self._room = asyncio.Semaphore(_MOST)
        self._open = False

    def open(self) -> None:
        """Allow connections. Calling it twice is harmless."""
        self._open = True

    async def close(self) -> None:
        """Disconnect; those in use are closed by who uses them. Calling it twice is harmless."""
        self._open = False
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def use(self, patience: float = PATIENCE) -> AsyncGenerator[Connection]:
        """A connection for one piece of work; raises `BrokerUnavailable` after `patience` seconds, or if it breaks."""
        if not self._open:
            raise BrokerUnavailable("the broker is not open", hint="Call `open` first.")
        with translated():
            async with asyncio.timeout(patience), self._room:
                connection = self._take() or await self.connect()
                try:
                    yield connection
                except BaseException:
                    # Its state is unknown: half a transaction, or a reply that is still to come.
                    await connection.close()
                    raise
                await self._put_back(connection)

    async def connect(self) -> Connection:
        """A new connection, which belongs to the caller."""
        told = conninfo_to_dict(self._dsn)
        wanted = {name: value for name, value in _ALIVE.items() if name not in told}
        connection = await Connection.connect(self._dsn, autocommit=True, row_factory=dict_row, **wanted)
        try:
            await connection.execute(_SERVER_ALIVE)
        except BaseException:
            await connection.close()
            raise
        return connection

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        return None

    async def _put_back(self, connection: Connection) -> None:
        if self._open and not connection.closed:
            self._idle.append(connection)
        else:
            await connection.close()


async def rows(connection: Connection, statement: str, parameters: Row) -> list[Row]:
    """Run a statement, and read all that it answers."""
    cursor = await connection.execute(statement.encode(), parameters)
    return await cursor.fetchall() if cursor.description else []
