"""Take jobs from workers that are gone: those of ours whose lease ran out, and any whose time or heartbeat did."""

from collections.abc import Sequence

from millhand.brokers.pgboss.backoff import RowBackoff
from millhand.brokers.pgboss.connections import Connection, Row, rows
from millhand.brokers.pgboss.envelope import KEY, unwrap
from millhand.brokers.pgboss.leave import CANCELLED, FAILED, RETRY, Leaving, leave
from millhand.brokers.pgboss.output import of_failure, of_words
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.settle import Claim
from millhand.brokers.pgboss.tables import Tables
from millhand.core.failure import failure

AT_ONCE = 200
"""How many jobs one statement takes back."""

_LOST = failure(
    "lease_expired", "the worker stopped renewing its lease: it died, was cut off, or stood still for too long"
)
_TIMED_OUT = "job timed out"
_OLD_TIMED_OUT = "job failed by timeout in active state"
_NO_HEARTBEAT = "job heartbeat timeout"


async def rescue(connection: Connection, tables: Tables, queue: Queue) -> int:
    """Offer again jobs of ours whose lease has run out, each charged a crash; returns how many, at most `AT_ONCE`."""
    until = f"(j.output -> '{KEY}' ->> 'lease_until')::timestamptz"
    found = await _overdue(connection, tables, queue, f"j.output ? '{KEY}' AND {until} < {tables.now}")
    lost = [_after_crash(row) for row in found]
    return len(await leave(connection, tables, queue, lost))


async def expire(connection: Connection, tables: Tables, queue: Queue, only: Sequence[Claim] | None = None) -> int:
    """Fail jobs that have used up the time that their producer gave them, as pg-boss does; returns how many."""
    words = _OLD_TIMED_OUT if "expire_in" in tables.job else _TIMED_OUT
    ids = None if only is None else [job_id for job_id, _, _ in only]
    found = await _overdue(connection, tables, queue, f"{tables.expiry} < {tables.now}", ids)
    if only is not None:
        found = [row for row in found if (row["id"], row["retry_count"], row["started_on"]) in only]
    return len(await leave(connection, tables, queue, [_after_failure(row, tables, words) for row in found]))


async def expire_silent(connection: Connection, tables: Tables, queue: Queue) -> int:
    """Fail jobs whose worker gives no more signs of life, as pg-boss does where it knows heartbeats."""
    if "heartbeat_on" not in tables.job:
        return 0
    silent = f"j.heartbeat_seconds IS NOT NULL AND j.heartbeat_on + j.heartbeat_seconds * interval '1 s' < {tables.now}"
    found = await _overdue(connection, tables, queue, silent)
    return len(await leave(connection, tables, queue, [_after_failure(row, tables, _NO_HEARTBEAT) for row in found]))


async def _overdue(
    connection: Connection, tables: Tables, queue: Queue, condition: str, ids: list[str] | None = None
) -> list[Row]:
    statement = f"""
      SELECT j.id::text AS id, j.retry_count, j.retry_limit, j.started_on, j.retry_delay, j.retry_backoff,
        {tables.if_column("retry_delay_max", "j.retry_delay_max,")} random() AS luck,
        CASE WHEN j.data ? '{KEY}' THEN j.data::text END AS data,
        COALESCE((j.output -> '{KEY}' -> 'cancel')::boolean, false) AS cancel
      FROM {tables.name(queue.table)} j
      WHERE j.name = %(queue)s AND j.state = 'active' AND {condition}
      {"" if ids is None else "AND j.id = ANY(%(ids)s::uuid[])"}
      LIMIT {AT_ONCE} FOR UPDATE OF j SKIP LOCKED
    """
    return await rows(connection, statement, {"queue": queue.name, "ids": ids})


def _after_crash(row: Row) -> Leaving:
    envelope = unwrap(row["data"])
    if envelope is not None:
        again = envelope.crashes + 1 < envelope.max_crashes
    else:
        again = row["retry_count"] < row["retry_limit"]
    return Leaving(
        id=row["id"],
        retry_count=row["retry_count"],
        started_on=row["started_on"],
        state=CANCELLED if row["cancel"] else RETRY if again else FAILED,
        output=of_failure(_LOST),
        crash=True,
    )


def _after_failure(row: Row, tables: Tables, words: str) -> Leaving:
    again = row["retry_count"] < row["retry_limit"]
    return Leaving(
        id=row["id"],
        retry_count=row["retry_count"],
        started_on=row["started_on"],
        state=CANCELLED if row["cancel"] else RETRY if again else FAILED,
        output=of_words(words),
        delay=RowBackoff.of(row, tables).delay(row["retry_count"] + 1, row["luck"]),
    )
