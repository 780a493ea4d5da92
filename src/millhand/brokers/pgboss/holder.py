"""What is held here: leases to renew, cancellations to hear of, endings to tell, each under its fence."""

from collections.abc import Mapping, Sequence

from millhand.brokers.pgboss.connections import Connection
from millhand.brokers.pgboss.extend import cancelled, extend
from millhand.brokers.pgboss.follow_ups import send_follow_ups, tellable
from millhand.brokers.pgboss.leave import CREATED, RETRY, Leaving, leave
from millhand.brokers.pgboss.overdue import expire
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.server import Server
from millhand.brokers.pgboss.settle import Claim, Settled, claim_of, settle_queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement


class Holder:
    """The deliveries of one worker, until they are settled or lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._held: dict[str, Delivery] = {}
        self._settled = Settled()

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Hold these."""
        self._held.update((each.job_id, each) for each in deliveries)

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Renew leases and heartbeats; what has used up its producer's time fails, as in pg-boss' own workers."""
        kept: set[Claim] = set()
        async with self._server.use() as (connection, tables):
            for queue, claims in await self._by_queue(connection, tables, deliveries):
                renewed = await extend(connection, tables, queue, claims, seconds)
                kept |= renewed
                if left := [claim for claim in claims if claim not in renewed]:
                    async with connection.transaction():
                        await expire(connection, tables, queue, only=left)
        for each in deliveries:
            if claim_of(each) not in kept:
                self._drop(each)
        return [claim_of(each) in kept for each in deliveries]

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these are to stop."""
        held = [self._held[job_id] for job_id in job_ids if job_id in self._held]
        found: set[str] = set()
        if held:
            async with self._server.use() as (connection, tables):
                for queue, claims in await self._by_queue(connection, tables, held):
                    found |= await cancelled(connection, tables, queue, claims)
        return found

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Hand back what nobody has seen, with nothing charged."""
        async with self._server.use() as (connection, tables):
            for queue, claims in await self._by_queue(connection, tables, deliveries):
                await leave(connection, tables, queue, [_untouched(claim) for claim in claims])

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Tell how these ended, in one transaction."""
        now = self._server.clock.now()
        async with self._server.use() as (connection, tables), connection.transaction():
            told = [await tellable(connection, self._server, tables, each) for each in settlements]
            held: set[Claim] = set()
            new = [each for each in told if not self._settled.knows(each)]
            for queue, _ in await self._by_queue(connection, tables, [each.delivery for each in new]):
                mine = [each for each in new if each.delivery.queue == queue.name]
                held |= await settle_queue(connection, tables, queue, mine)
            accepted = _first_of_each(told, held)
            await send_follow_ups(connection, self._server, tables, accepted, now)
        self._settled.add(accepted)
        for each in told:
            self._drop(each.delivery)
        return [self._settled.knows(each) for each in told]

    async def _by_queue(
        self, connection: Connection, tables: Tables, deliveries: Sequence[Delivery]
    ) -> list[tuple[Queue, list[Claim]]]:
        """The claims of each queue; a queue that is gone holds nothing any more."""
        known: Mapping[str, Queue] = await self._server.queues.all(connection, tables)
        claims: dict[str, list[Claim]] = {}
        for each in deliveries:
            claims.setdefault(each.queue, []).append(claim_of(each))
        return [(known[name], list(dict.fromkeys(mine))) for name, mine in claims.items() if name in known]

    def _drop(self, delivery: Delivery) -> None:
        held = self._held.get(delivery.job_id)
        if held is not None and claim_of(held) == claim_of(delivery):
            del self._held[delivery.job_id]


def _first_of_each(settlements: Sequence[Settlement], held: set[Claim]) -> list[Settlement]:
    """Of several settlements of one claim the first was told."""
    first: dict[Claim, Settlement] = {}
    for each in settlements:
        first.setdefault(claim_of(each.delivery), each)
    return [each for claim, each in first.items() if claim in held]


def _untouched(claim: Claim) -> Leaving:
    job_id, retry_count, started_on = claim
    state = RETRY if retry_count else CREATED
    return Leaving(id=job_id, retry_count=retry_count, started_on=started_on, state=state, charged=False)
