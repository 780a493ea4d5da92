"""The follow-up jobs of settled attempts: stored in the transaction that accepts the settlement, or not at all."""

from collections.abc import Sequence

from millhand.brokers.pgboss.connections import Connection
from millhand.brokers.pgboss.send import check, send
from millhand.brokers.pgboss.server import Server
from millhand.brokers.pgboss.tables import Tables
from millhand.core.errors import NotFound, NotSupported, UsageError
from millhand.core.failure import failure_of
from millhand.core.settlement import Settlement
from millhand.core.state import Cause, State


async def tellable(connection: Connection, server: Server, tables: Tables, settlement: Settlement) -> Settlement:
    """The settlement; that of a failure if the queue is missing, or refuses what a follow-up job asks for."""
    jobs = settlement.follow_ups
    if not jobs:
        return settlement
    try:
        queues = await server.queues.some(connection, tables, {job.queue for job in jobs})
        for job in jobs:
            check(tables, queues[job.queue], job, server.place.kind_of(job.queue))
    except (NotFound, NotSupported, UsageError) as error:
        return settlement._replace(
            state=State.DISCARDED, cause=Cause.GAVE_UP, result=None, failure=failure_of(error), follow_ups=()
        )
    return settlement


async def send_follow_ups(
    connection: Connection, server: Server, tables: Tables, accepted: Sequence[Settlement], now: int
) -> None:
    """Store the follow-up jobs of these settlements, each as a child of its job."""
    jobs = [
        job if job.parent_id else job._replace(parent_id=each.delivery.job_id)
        for each in accepted
        for job in each.follow_ups
    ]
    if jobs:
        queues = await server.queues.some(connection, tables, {job.queue for job in jobs})
        await send(connection, tables, queues, jobs, server.place.kind_of, now)
