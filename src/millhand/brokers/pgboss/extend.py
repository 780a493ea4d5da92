"""Keep what is held: move the ends of leases and heartbeats, and let go what has used up the producer's time."""

from collections.abc import Sequence

from millhand.brokers.pgboss.connections import Connection, Row, rows
from millhand.brokers.pgboss.envelope import KEY
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.settle import Claim
from millhand.brokers.pgboss.tables import Tables

_CLAIMS = "unnest(%(ids)s::uuid[], %(counts)s::int[], %(starts)s::timestamptz[]) AS i (id, retry_count, started_on)"
_HELD = "j.name = %(queue)s AND j.id = i.id AND j.retry_count = i.retry_count AND j.started_on = i.started_on"


async def extend(
    connection: Connection, tables: Tables, queue: Queue, claims: Sequence[Claim], seconds: float
) -> set[Claim]:
    """Renew these claims; returns those that hold and have time left."""
    until = f"to_jsonb({tables.now} + %(seconds)s * interval '1 s')"
    statement = f"""
      UPDATE {tables.name(queue.table)} j SET {tables.if_column("heartbeat_on", f"heartbeat_on = {tables.now},")}
        output = CASE WHEN j.output ? '{KEY}' THEN jsonb_set(j.output, '{{{KEY},lease_until}}', {until})
          ELSE j.output END
      FROM {_CLAIMS} WHERE {_HELD} AND j.state = 'active' AND {tables.expiry} > {tables.now}
      RETURNING j.id::text AS id, j.retry_count, j.started_on
    """
    found = await rows(connection, statement, _parameters(queue, claims) | {"seconds": seconds})
    return {(row["id"], row["retry_count"], row["started_on"]) for row in found}


async def cancelled(connection: Connection, tables: Tables, queue: Queue, claims: Sequence[Claim]) -> set[str]:
    """The ids of those that somebody cancelled while they ran: through us, or in the application."""
    statement = f"""
      SELECT j.id::text AS id FROM {tables.name(queue.table)} j, {_CLAIMS}
      WHERE {_HELD} AND (j.state = 'cancelled' OR j.state = 'active' AND (j.output -> '{KEY}' -> 'cancel')::boolean)
    """
    return {row["id"] for row in await rows(connection, statement, _parameters(queue, claims))}


def _parameters(queue: Queue, claims: Sequence[Claim]) -> Row:
    return {
        "queue": queue.name,
        "ids": [job_id for job_id, _, _ in claims],
        "counts": [retry_count for _, retry_count, _ in claims],
        "starts": [started_on for _, _, started_on in claims],
    }
