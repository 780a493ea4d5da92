"""Find jobs in the queues that are to be served, and lease them: each queue its share."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from millhand.brokers.pgboss.claim import Outlook, claim, ready
from millhand.brokers.pgboss.connections import Connection
from millhand.brokers.pgboss.deliver import delivery
from millhand.brokers.pgboss.queues import Queue, no_queue
from millhand.brokers.pgboss.server import Server
from millhand.brokers.pgboss.tables import Tables
from millhand.core.clock import after
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import Delivery


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the queues gave; `due_in` is the seconds until the next job is due, if that is known."""

    deliveries: list[Delivery]
    due_in: float | None = None


class Fetch:
    """Leases for one worker. `names` are the queues to serve, none meaning all; `lease` is in seconds."""

    def __init__(self, server: Server, names: Sequence[str], worker: str, lease: float) -> None:
        self._server = server
        self._names = tuple(names)
        self._terms: dict[str, object] = {"worker": worker, "lease": lease}
        self._lease = lease
        self._turns = 0
        self._missed: set[str] = set()
        self._log = structlog.get_logger("millhand.broker")

    async def queues(self, connection: Connection, tables: Tables) -> list[Queue]:
        """The queues to serve that exist; raises `BrokerUnavailable` if none of those that were named does."""
        found = await self._server.queues.wanted(connection, tables, self._names)
        missing = set(self._names) - {queue.name for queue in found}
        if missing and not found:
            error = no_queue(sorted(missing), tables)
            raise BrokerUnavailable(error.message, hint=error.hint)
        if missing - self._missed:
            error = no_queue(sorted(missing), tables)
            self._log.warning("a queue is missing and is not served", reason=error.message, hint=error.hint)
        self._missed = missing
        return found

    async def look(self, limit: int) -> Look:
        """Lease up to `limit` jobs."""
        async with self._server.use() as (connection, tables):
            queues = await self.queues(connection, tables)
            if len(queues) == 1:
                outlook = Outlook(queues, None)
            else:
                outlook = await ready(connection, tables, queues)
            deliveries = await self._lease_from(connection, tables, self._in_turn(outlook.ready), limit)
            if not deliveries and len(queues) == 1:
                outlook = await ready(connection, tables, queues)
            return Look(deliveries, outlook.due_in)

    def _in_turn(self, queues: list[Queue]) -> list[Queue]:
        self._turns += 1
        first = self._turns % len(queues) if queues else 0
        return [*queues[first:], *queues[:first]]

    async def _lease_from(
        self, connection: Connection, tables: Tables, queues: Sequence[Queue], limit: int
    ) -> list[Delivery]:
        """Equal shares first; what the short queues leave over goes to the others in a second round."""
        found: list[Delivery] = []
        for served, queue in enumerate(queues):
            share = -(-(limit - len(found)) // (len(queues) - served))
            found += await self._lease_some(connection, tables, queue, share)
        for queue in queues if len(queues) > 1 else ():
            found += await self._lease_some(connection, tables, queue, limit - len(found))
        return found

    async def _lease_some(self, connection: Connection, tables: Tables, queue: Queue, limit: int) -> list[Delivery]:
        if limit <= 0:
            return []
        place = self._server.place
        until = after(self._server.clock.now(), self._lease)
        leased = await claim(connection, tables, queue, limit, self._terms, place.group_concurrency)
        kind = place.kind_of(queue.name)
        return [delivery(row, queue, kind, tables, until) for row in leased]
