"""The broker on the tables of pg-boss, behind the port."""

import asyncio
from collections.abc import Sequence

from millhand.brokers.pgboss import control, stats
from millhand.brokers.pgboss.duties import Duties
from millhand.brokers.pgboss.fetch import Fetch, Look
from millhand.brokers.pgboss.holder import Holder
from millhand.brokers.pgboss.insert import Row, insert, notify
from millhand.brokers.pgboss.look import look
from millhand.brokers.pgboss.options import JobOptions
from millhand.brokers.pgboss.pace import Pace
from millhand.brokers.pgboss.rest import Rest
from millhand.brokers.pgboss.send import MAX_PAYLOAD, check_sizes, send
from millhand.brokers.pgboss.server import Server
from millhand.core.capabilities import Capabilities
from millhand.core.errors import BrokerUnavailable, NotSupported
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import CancelResult, QueueStats
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.unbroken import Unbroken

CAPABILITIES = Capabilities(
    delay=True,
    priority=True,
    fifo=True,
    dedupe=True,
    fence=True,
    inspect=True,
    cancel=True,
    notify=True,
    max_payload=MAX_PAYLOAD,
    dead_letter="jobs in state failed, and the queue's dead-letter queue",
)


class PgBossBroker:
    """A broker on somebody else's pg-boss.

    `queues` are those to receive from, none meaning all but the places for dead letters; `worker` is the name under
    which jobs are leased, new at each start; `lease` is in seconds. A `server` that is shared stays open at `close`.
    """

    def __init__(
        self, server: Server, *, queues: Sequence[str], worker: str, lease: float, shared: bool = False
    ) -> None:
        self._server = server
        self._shared = shared
        self._fetch = Fetch(server, queues, worker, lease)
        self._holder = Holder(server)
        self._duties = Duties(server, self._fetch)
        self._rest = Rest()
        self._counting = Pace(server.clock)
        self._running: dict[str, int] = {}
        self._open = False
        self._unbroken = Unbroken()

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        return CAPABILITIES

    async def open(self) -> None:
        """Connect, and look what the tables are like; raises `SchemaMismatch`. Calling it twice is harmless."""
        await self._server.open()
        self._open = True

    async def close(self) -> None:
        """Disconnect; a `receive` under way returns. Calling it twice, or before `open`, is harmless."""
        self._open = False
        self._server.bell.ring()
        await self._unbroken.end()
        if not self._shared:
            await self._server.close()

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Store jobs durably, all or none.

        Raises `PayloadTooLarge` or, for a queue that the application has not made, `NotFound` before anything is
        stored.
        """
        self._require_open()
        check_sizes(jobs)
        if not jobs:
            return []
        now = self._server.clock.now()
        async with self._server.use() as (connection, tables), connection.transaction():
            queues = await self._server.queues.some(connection, tables, {job.queue for job in jobs})
            sent = await send(connection, tables, queues, jobs, self._server.place.kind_of, now)
        self._server.bell.ring()
        return sent

    async def send_data(self, queue: str, data: object, options: JobOptions | None = None) -> str | None:
        """Send plain data with pg-boss' own options, as its client does.

        Returns the job's id, or None where a rule of the queue or the throttle keeps it out. Raises `NotFound` for a
        queue that the application has not made.
        """
        self._require_open()
        wanted = options or JobOptions()
        async with self._server.use() as (connection, tables), connection.transaction():
            known = (await self._server.queues.some(connection, tables, [queue]))[queue]
            inserted = await insert(connection, tables, known, [Row(data=data, options=wanted)])
            await notify(connection, tables, [queue] if inserted and not wanted.delay else [])
        self._server.bell.ring()
        return inserted[0] if inserted else None

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Lease up to `limit` jobs that are due; if there is none, wait up to `wait` seconds for one."""
        self._require_open()
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + wait
        while self._open and limit > 0:
            ticket = self._server.bell.ticket
            found = await self._look(limit)
            remaining = give_up_at - clock()
            if found.deliveries:
                self._rest.found()
            if found.deliveries or remaining <= 0:
                return found.deliveries
            await self._server.bell.wait(min(remaining, self._rest.next(found.due_in)), since=ticket)
        return []

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Move the leases' ends to `seconds` from now; False where the lease is lost or the job's time is used up."""
        self._require_open()
        return await self._holder.extend(deliveries, seconds)

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record how deliveries ended, with their follow-up jobs; False where the lease was lost."""
        self._require_open()
        for each in settlements:
            check_sizes(each.follow_ups)
        answers = await self._holder.settle(settlements)
        self._server.bell.ring()
        return answers

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs, held here, somebody cancelled while they run: through us, or in the application."""
        self._require_open()
        return await self._holder.cancel_requests(job_ids)

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel a waiting job at once, or ask for the cancelling of a running one."""
        self._require_open()
        if not control.known_ids([job_id]):
            return CancelResult.UNKNOWN
        async with self._server.use() as (connection, tables):
            queues = await self._server.queues.all(connection, tables)
            return await control.cancel(connection, tables, queues, job_id)

    async def look(self, job_ids: Sequence[str]) -> dict[str, Standing]:
        """How these jobs stand, whoever works on them; those that are not there are left out."""
        self._require_open()
        async with self._server.use() as (connection, tables):
            queues = await self._server.queues.all(connection, tables)
            kind_of = self._server.place.kind_of
            return await look(connection, tables, queues, control.known_ids(job_ids), kind_of)

    async def stats(self) -> list[QueueStats]:
        """How each served queue stands; counts end at 10,000."""
        self._require_open()
        async with self._server.use() as (connection, tables):
            queues = await self._fetch.queues(connection, tables)
            if self._counting.is_due:
                with self._counting.look():
                    self._running = await stats.running(connection, tables, queues)
            return await stats.waiting(connection, tables, queues, self._running)

    async def rescue(self) -> int:
        """Take jobs from workers that are gone; where no pg-boss process supervises, do that as well."""
        self._require_open()
        taken = await self._duties.turn()
        if taken:
            self._server.bell.ring()
        return taken

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Make final or waiting jobs ready to run now, with nothing charged; returns the ids that it applied to."""
        self._require_open()
        async with self._server.use() as (connection, tables):
            queues = await self._server.queues.all(connection, tables)
            applied = await control.retry(connection, tables, queues, control.known_ids(job_ids))
        self._server.bell.ring()
        return applied

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue; returns how many."""
        self._require_open()
        total, some = 0, control.AT_ONCE
        async with self._server.use() as (connection, tables):
            known = (await self._server.queues.some(connection, tables, [queue]))[queue]
            while some == control.AT_ONCE:
                some = await control.purge_some(connection, tables, known)
                total += some
        return total

    async def pause(self, queue: str) -> None:
        """Not supported: pg-boss has no place to note it, and its own workers would go on."""
        raise _lacking("pause queues", queue)

    async def resume(self, queue: str) -> None:
        """Not supported, as `pause`."""
        raise _lacking("resume queues", queue)

    async def set_caps(self, queue: str, caps: Caps) -> None:
        """Not supported: limits are those of the queue's policy and of `group_concurrency`."""
        del caps
        raise _lacking("limit queues", queue)

    async def _look(self, limit: int) -> Look:
        found = await self._unbroken.run(self._fetch.look(limit), self._hand_back)
        self._holder.take(found.deliveries)
        return found

    async def _hand_back(self, found: Look) -> None:
        await self._holder.release(found.deliveries)
        self._server.bell.ring()

    def _require_open(self) -> None:
        if not self._open:
            raise BrokerUnavailable("the broker is not open", hint="Call `open` first.")


def _lacking(what: str, queue: str) -> NotSupported:
    return NotSupported(
        f"pg-boss can't {what}: '{queue}' stays as it is",
        hint="Stop the workers of that queue instead, or change it in the application.",
    )
