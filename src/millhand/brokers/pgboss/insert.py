"""Insert jobs so that pg-boss is content: what the producer leaves open comes from the queue's row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.brokers.pgboss.options import JobOptions
from millhand.brokers.pgboss.queues import KEY_STRICT_FIFO, STANDARD, Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.errors import UsageError

EXCLUSIVE = "exclusive"
"""The policy under which a key is taken once among the jobs that wait or run."""

_OLD_RETENTION = 14 * 86_400
_OLD_EXPIRY = 15 * 60

_INPUT = """
  json_to_recordset(%(jobs)s::json) AS x (
    id uuid, data jsonb, priority int, delay float8, singleton_key text, throttle int, slot_offset int,
    retry_limit int, retry_delay int, retry_backoff boolean, retry_delay_max int, expire_in int, retention int,
    delete_after int, heartbeat int, dead_letter text, "group" text, group_tier text, exclusive boolean, place int
  )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job to insert: `data` is JSON. `exclusive` keeps its key unique in a queue that has no rule of its own."""

    data: Any
    options: JobOptions
    exclusive: bool = False
    place: int = 0


async def insert(connection: Connection, tables: Tables, queue: Queue, jobs: Sequence[Row]) -> list[str]:
    """Insert jobs into one queue; returns the ids of those that no rule of the queue keeps out."""
    for job in jobs:
        job.options.check(tables)
        if queue.policy == KEY_STRICT_FIFO and not job.options.singleton_key:
            raise UsageError(f"jobs of the queue '{queue.name}' need a singleton_key: its policy is {queue.policy}")
    statement = _statement(tables, queue)
    inserted = await rows(connection, statement, {"queue": queue.name, "jobs": _json(jobs, 0)})
    left_out = [job for job in jobs if job.options.next_slot and job.options.id not in {row["id"] for row in inserted}]
    for job in left_out:
        inserted += await _insert_into_next_slot(connection, tables, queue, job)
    return [row["id"] for row in inserted]


async def _insert_into_next_slot(
    connection: Connection, tables: Tables, queue: Queue, job: Row
) -> list[dict[str, Any]]:
    """As pg-boss debounces: the job takes the next slot, and starts no sooner than that."""
    throttle = job.options.throttle or 1
    [clock] = await rows(connection, f"SELECT extract(epoch FROM {tables.now})::float8 AS now", {})
    delay = throttle - int(clock["now"] % throttle) or 1
    later = replace(job, options=replace(job.options, delay=delay + (throttle > 1)))
    return await rows(connection, _statement(tables, queue), {"queue": queue.name, "jobs": _json([later], throttle)})


def _json(jobs: Sequence[Row], slot_offset: int) -> str:
    return json.dumps(
        [
            {**job.options.fields(), "data": job.data, "exclusive": job.exclusive, "place": job.place}
            | {"slot_offset": slot_offset}
            for job in jobs
        ],
        ensure_ascii=False,
    )


def _statement(tables: Tables, queue: Queue) -> str:
    values = {
        "id": "COALESCE(x.id, gen_random_uuid())",
        "name": "q.name",
        "data": "x.data",
        "priority": "x.priority",
        "start_after": _start(tables),
        # A moment apart, so that jobs of one call keep their order.
        "created_on": f"{tables.now} + x.place * interval '1 microsecond'",
        "singleton_key": "x.singleton_key",
        "singleton_on": f"""'epoch'::timestamp + interval '1 s' * (x.throttle::float8
          * floor((extract(epoch FROM {tables.now})::float8 + x.slot_offset) / x.throttle::float8))""",
        "policy": f"CASE WHEN x.exclusive AND COALESCE(q.policy, '{STANDARD}') = '{STANDARD}' "
        f"THEN '{EXCLUSIVE}' ELSE q.policy END",
        "dead_letter": "COALESCE(x.dead_letter, q.dead_letter)",
        **(_old_defaults(tables) if "expire_in" in tables.job else _defaults(tables)),
    }
    return f"""
      INSERT INTO {tables.name(queue.table)} ({", ".join(values)})
      SELECT {", ".join(values.values())} FROM {_INPUT} JOIN {tables.name("queue")} q ON q.name = %(queue)s
      ORDER BY x.place
      ON CONFLICT DO NOTHING RETURNING id::text AS id
    """


def _start(tables: Tables) -> str:
    return f"{tables.now} + x.delay * interval '1 s'"


def _defaults(tables: Tables) -> dict[str, str]:
    values = {
        "retry_limit": "COALESCE(x.retry_limit, q.retry_limit)",
        "retry_delay": "COALESCE(x.retry_delay, q.retry_delay)",
        "retry_backoff": "COALESCE(x.retry_backoff, q.retry_backoff)",
        "retry_delay_max": "COALESCE(x.retry_delay_max, q.retry_delay_max)",
        "expire_seconds": "COALESCE(x.expire_in, q.expire_seconds)",
        "deletion_seconds": "COALESCE(x.delete_after, q.deletion_seconds)",
        "keep_until": f"{_start(tables)} + COALESCE(x.retention, q.retention_seconds) * interval '1 s'",
    }
    newer = {
        "group_id": "x.group",
        "group_tier": "x.group_tier",
        "heartbeat_seconds": "COALESCE(x.heartbeat, q.heartbeat_seconds)",
    }
    return values | {column: value for column, value in newer.items() if column in tables.job}


def _old_defaults(tables: Tables) -> dict[str, str]:
    """Before version 11 a queue may leave its rules open."""
    backoff = "COALESCE(x.retry_backoff, q.retry_backoff, false)"
    delay = "COALESCE(x.retry_delay, q.retry_delay, 0)"
    return {
        "retry_limit": "COALESCE(x.retry_limit, q.retry_limit, 2)",
        "retry_delay": f"CASE WHEN {backoff} THEN GREATEST({delay}, 1) ELSE {delay} END",
        "retry_backoff": backoff,
        "expire_in": f"COALESCE(x.expire_in, q.expire_seconds, {_OLD_EXPIRY}) * interval '1 s'",
        "keep_until": f"{_start(tables)} + "
        f"COALESCE(x.retention, q.retention_minutes * 60, {_OLD_RETENTION}) * interval '1 s'",
    }


async def notify(connection: Connection, tables: Tables, queues: Sequence[str]) -> None:
    """Tell whoever listens that these queues have jobs that are due; it is heard with the commit."""
    if queues:
        statement = f"SELECT pg_notify({tables.channel}, name) FROM unnest(%(queues)s::text[]) AS told (name)"
        await rows(connection, statement, {"queues": list(queues)})
