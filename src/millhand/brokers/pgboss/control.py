"""Commands of people on jobs: find them in their queues, cancel them, have them run again, purge a queue."""

import uuid
from collections.abc import Mapping, Sequence

from psycopg import errors

from millhand.brokers.pgboss.connections import Connection, Row, rows
from millhand.brokers.pgboss.envelope import KEY
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.ports import CancelResult

AT_ONCE = 500
"""How many jobs one transaction purges."""


def known_ids(job_ids: Sequence[str]) -> list[str]:
    """Those that can be ids of pg-boss at all."""
    return [job_id for job_id in job_ids if _is_uuid(job_id)]


async def cancel(connection: Connection, tables: Tables, queues: Mapping[str, Queue], job_id: str) -> CancelResult:
    """Cancel a waiting job. One of ours that runs is asked to stop; one that others run is cancelled at once."""
    async with connection.transaction():
        found = await rows(
            connection,
            f"""SELECT name, state::text AS state, COALESCE(output ? '{KEY}', false) AS ours FROM {tables.name("job")}
            WHERE name = ANY(%(queues)s) AND id = %(id)s::uuid ORDER BY state LIMIT 1 FOR UPDATE""",
            {"queues": list(queues), "id": job_id},
        )
        if not found:
            return CancelResult.UNKNOWN
        row = found[0]
        if row["state"] not in {"created", "retry", "active"}:
            return CancelResult.TOO_LATE
        queue = queues[row["name"]]
        running = row["state"] == "active"
        change = _ask_to_stop() if running and row["ours"] else _cancelled(tables)
        await rows(connection, f"UPDATE {tables.name(queue.table)} SET {change} {_THIS}", _this(queue, job_id))
        return CancelResult.REQUESTED if running else CancelResult.CANCELLED


async def retry(
    connection: Connection, tables: Tables, queues: Mapping[str, Queue], job_ids: Sequence[str]
) -> list[str]:
    """Make jobs ready to run now with nothing charged; left out is what runs, is ready, or would break a rule."""
    statement = f"""
      SELECT name, id::text AS id FROM {tables.name("job")} WHERE name = ANY(%(queues)s) AND id = ANY(%(ids)s::uuid[])
      AND state <> 'active' AND NOT (state < 'active' AND start_after <= {tables.now}) ORDER BY created_on
    """
    found = await rows(connection, statement, {"queues": list(queues), "ids": list(job_ids)})
    applied = [row["id"] for row in found if await _run_again(connection, tables, queues[row["name"]], row["id"])]
    return [job_id for job_id in job_ids if job_id in set(applied)]


async def _run_again(connection: Connection, tables: Tables, queue: Queue, job_id: str) -> bool:
    keep = f"GREATEST(keep_until, {tables.now} + (keep_until - created_on))"
    changes = {
        "state": "'created'",
        "retry_count": "0",
        "start_after": tables.now,
        "started_on": "NULL",
        "completed_on": "NULL",
        "output": "NULL",
        "keep_until": keep,
        "data": f"CASE WHEN data ? '{KEY}' THEN data #- '{{{KEY},crashes}}' ELSE data END",
        **({"upsert_by_key": "NULL"} if "upsert_by_key" in tables.job else {}),
        **({"heartbeat_on": "NULL"} if "heartbeat_on" in tables.job else {}),
    }
    assignments = ", ".join(f"{column} = {value}" for column, value in changes.items())
    statement = f"UPDATE {tables.name(queue.table)} SET {assignments} {_THIS} AND state <> 'active' RETURNING 1"
    try:
        return bool(await rows(connection, statement, _this(queue, job_id)))
    except errors.UniqueViolation:
        return False


async def purge_some(connection: Connection, tables: Tables, queue: Queue) -> int:
    """Cancel up to `AT_ONCE` waiting jobs of a queue; returns how many."""
    statement = f"""
      UPDATE {tables.name(queue.table)} SET {_cancelled(tables)} WHERE name = %(queue)s AND id IN (
        SELECT id FROM {tables.name(queue.table)} WHERE name = %(queue)s AND state < 'active'
        LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED
      ) RETURNING 1
    """
    return len(await rows(connection, statement, {"queue": queue.name}))


_THIS = "WHERE name = %(queue)s AND id = %(id)s::uuid"


def _this(queue: Queue, job_id: str) -> Row:
    return {"queue": queue.name, "id": job_id}


def _cancelled(tables: Tables) -> str:
    return f"state = 'cancelled', completed_on = {tables.now}"


def _ask_to_stop() -> str:
    return f"output = jsonb_set(output, '{{{KEY},cancel}}', 'true')"


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
