"""Hear of new jobs where somebody tells of them; polling goes on beside, so that a lost message costs only time."""

import asyncio
import contextlib

from millhand.brokers.pgboss.bell import Bell
from millhand.brokers.pgboss.connections import Connections, rows
from millhand.brokers.pgboss.faults import translated
from millhand.brokers.pgboss.tables import Tables
from millhand.core.errors import MillhandError

_COME_BACK_AFTER = 5.0


class Ears:
    """Listens on pg-boss' channel with a connection of its own, and rings the bell at each message."""

    def __init__(self, connections: Connections, bell: Bell) -> None:
        self._bell = bell
        self._connections = connections
        self._task: asyncio.Task[None] | None = None

    def open(self, tables: Tables) -> None:
        """Begin to listen. Calling it twice is harmless."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_listening(tables), name="pg-boss ears")

    async def close(self) -> None:
        """Stop listening. Calling it twice is harmless."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep_listening(self, tables: Tables) -> None:
        while True:
            with contextlib.suppress(MillhandError):
                await self._listen(tables)
            await asyncio.sleep(_COME_BACK_AFTER)

    async def _listen(self, tables: Tables) -> None:
        with translated():
            connection = await self._connections.connect()
            try:
                [row] = await rows(connection, f"SELECT quote_ident({tables.channel}) AS channel", {})
                await rows(connection, f"LISTEN {row['channel']}", {})
                self._bell.ring()  # what was told before is not known
                async for _ in connection.notifies():
                    self._bell.ring()
            finally:
                await connection.close()
