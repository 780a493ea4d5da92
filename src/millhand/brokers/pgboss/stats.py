"""How queues stand, in bounded counts."""

from collections.abc import Mapping, Sequence

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.clock import as_instant
from millhand.core.ports import QueueStats

COUNTED = 10_000
"""Counts stop here: 10,000 means this many or more, and `oldest` is then that of as many jobs."""


async def waiting(
    connection: Connection, tables: Tables, queues: Sequence[Queue], running: Mapping[str, int]
) -> list[QueueStats]:
    """The jobs that wait, from the index by which they are fetched, beside those that run."""
    found = await rows(
        connection,
        f"""
        SELECT q.name, ready.count AS available, ready.oldest, later.scheduled, later.retryable
        FROM unnest(%(queues)s::text[]) AS q (name),
        LATERAL (SELECT count(*) AS count, min(start_after) AS oldest FROM (
          SELECT j.start_after FROM {tables.name("job")} j {_waits(tables)} AND j.start_after <= {tables.now}
          LIMIT {COUNTED}) AS few) ready,
        LATERAL (SELECT count(*) FILTER (WHERE state = 'created') AS scheduled,
          count(*) FILTER (WHERE state = 'retry') AS retryable FROM (
          SELECT j.state FROM {tables.name("job")} j {_waits(tables)} AND j.start_after > {tables.now}
          LIMIT {COUNTED}) AS few) later
        """,
        {"queues": [queue.name for queue in queues]},
    )
    return [
        QueueStats(
            queue=row["name"],
            available=row["available"],
            scheduled=row["scheduled"],
            retryable=row["retryable"],
            running=running.get(row["name"], 0),
            oldest=None if row["oldest"] is None else as_instant(row["oldest"]),
        )
        for row in found
    ]


async def running(connection: Connection, tables: Tables, queues: Sequence[Queue]) -> dict[str, int]:
    """The jobs that are active, whoever works on them; older releases have no index for it."""
    counts: dict[str, int] = {}
    for queue in queues:
        statement = f"""
          SELECT count(*) AS count FROM (SELECT FROM {tables.name(queue.table)} j
          WHERE j.name = %(queue)s AND j.state = 'active' LIMIT {COUNTED}) AS few
        """
        [row] = await rows(connection, statement, {"queue": queue.name})
        counts[queue.name] = row["count"]
    return counts


def _waits(tables: Tables) -> str:
    return f"WHERE j.name = q.name AND j.state < 'active' {tables.if_column('blocked', 'AND NOT j.blocked')}"
