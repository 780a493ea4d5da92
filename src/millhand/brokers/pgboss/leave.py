"""Take active jobs out of their worker's hands: back into the queue, or to a final state, with a dead letter.

As pg-boss' own client does, each row is deleted and inserted again within one statement: a job that would break a
policy of its queue in the state that is meant for it takes the next one, and at last is failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.brokers.pgboss.envelope import KEY
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables, quoted

CREATED, RETRY, CANCELLED, FAILED = "created", "retry", "cancelled", "failed"

_LEFT_OUT = frozenset({"upsert_by_key"})
"""Columns that a job does not keep: pg-boss' client leaves them out as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """How one active job goes on. `retry_count` and `started_on` are the fence, `delay` is in seconds.

    Unless `charged`, the next claim does not count as a further attempt; a `crash` counts within our own envelope.
    """

    id: str
    retry_count: int
    started_on: datetime
    state: str
    output: str | None = None
    delay: float = 0.0
    charged: bool = True
    crash: bool = False

    @property
    def claim(self) -> tuple[str, int, datetime]:
        """The fence with the job's id."""
        return (self.id, self.retry_count, self.started_on)


async def leave(
    connection: Connection, tables: Tables, queue: Queue, leaving: Sequence[Leaving]
) -> dict[tuple[str, int, datetime], str]:
    """Move these jobs on; returns for each whose fence held the state in which it is now."""
    if not leaving:
        return {}
    parameters = {
        "queue": queue.name,
        "ids": [each.id for each in leaving],
        "counts": [each.retry_count for each in leaving],
        "starts": [each.started_on for each in leaving],
        "states": [each.state for each in leaving],
        "outputs": [each.output for each in leaving],
        "delays": [each.delay for each in leaving],
        "charged": [each.charged for each in leaving],
        "crashes": [each.crash for each in leaving],
    }
    moved = await rows(connection, _statement(tables, queue), parameters)
    return {(row["id"], row["retry_count"], row["began"]): row["state"] for row in moved}


def _statement(tables: Tables, queue: Queue) -> str:
    table = tables.name(queue.table)
    columns = sorted(tables.job - _LEFT_OUT)
    insert = f"INSERT INTO {table} ({', '.join(map(quoted, columns))})"
    tries = ("wanted_state", f"CASE WHEN wanted_state = '{CREATED}' THEN '{RETRY}' ELSE '{FAILED}' END", f"'{FAILED}'")
    steps: list[str] = []
    for number, state in enumerate(tries):
        names = [f"try{before}" for before in range(number)]
        left = " AND ".join(f"id NOT IN (SELECT id FROM {name})" for name in names) or "true"
        values = ", ".join(f"{_value(column, tables)} AS {quoted(column)}" for column in columns)
        steps.append(
            f"""try{number} AS (
              {insert} SELECT {values} FROM (SELECT *, {state} AS next_state FROM taken) t WHERE {left}
              ON CONFLICT DO NOTHING RETURNING *
            )"""
        )
    return f"""
      WITH {_taken(table)}, {", ".join(steps)},
      moved AS (SELECT * FROM try0 UNION ALL SELECT * FROM try1 UNION ALL SELECT * FROM try2),
      dead_letters AS ({_dead_letters(tables)})
      SELECT moved.id::text AS id, moved.retry_count, taken.began, moved.state::text AS state
      FROM moved JOIN taken ON taken.id = moved.id
    """


def _taken(table: str) -> str:
    """The rows whose fence holds. One whose cancelling was asked for does not run again."""
    asked = f"COALESCE((j.output -> '{KEY}' -> 'cancel')::boolean, false)"
    return f"""
      input AS (
        SELECT * FROM unnest(
          %(ids)s::uuid[], %(counts)s::int[], %(starts)s::timestamptz[], %(states)s::text[], %(outputs)s::text[],
          %(delays)s::float8[], %(charged)s::boolean[], %(crashes)s::boolean[]
        ) AS i (in_id, in_count, began, in_state, in_output, in_delay, in_charged, in_crash)
      ),
      taken AS (
        DELETE FROM {table} j USING input i
        WHERE j.name = %(queue)s AND j.id = i.in_id AND j.retry_count = i.in_count AND j.started_on = i.began
        AND (j.state = 'active' OR j.state = '{CANCELLED}' AND i.in_state = '{CANCELLED}')
        RETURNING j.*, i.began, i.in_output::jsonb AS new_output, i.in_delay, i.in_charged, i.in_crash,
          CASE WHEN {asked} AND i.in_state IN ('{CREATED}', '{RETRY}') THEN '{CANCELLED}'
            ELSE i.in_state END AS wanted_state
      )"""


def _value(column: str, tables: Tables) -> str:
    """What a column of the inserted row holds; all that is not named here is kept."""
    again = f"next_state IN ('{CREATED}', '{RETRY}')"
    changed = {
        "state": f"next_state::{tables.name('job_state')}",
        "output": "new_output",
        "start_after": f"CASE WHEN {again} THEN {tables.now} + in_delay * interval '1 s' ELSE start_after END",
        "completed_on": f"CASE WHEN {again} THEN NULL ELSE {tables.now} END",
        "started_on": f"CASE WHEN {again} AND NOT in_charged THEN NULL ELSE started_on END",
        "heartbeat_on": "NULL::timestamptz",
        "data": f"""CASE WHEN in_crash AND data ? '{KEY}' THEN jsonb_set(data, '{{{KEY},crashes}}',
          to_jsonb(COALESCE((data -> '{KEY}' ->> 'crashes')::int, 0) + 1)) ELSE data END""",
    }
    return changed.get(column, quoted(column))


def _dead_letters(tables: Tables) -> str:
    """Copies of the failed jobs in their queue for dead letters, as the release that owns the tables makes them."""
    values = _OLD_DEAD_LETTER if "expire_in" in tables.job else _dead_letter(tables)
    return f"""
      INSERT INTO {tables.name("job")} ({", ".join(values)}) SELECT {", ".join(values.values())}
      FROM moved r JOIN {tables.name("queue")} q ON q.name = r.dead_letter
      WHERE r.state = '{FAILED}' AND r.name <> r.dead_letter"""


_OLD_DEAD_LETTER = {
    "name": "r.dead_letter",
    "data": "r.data",
    "output": "r.output",
    "retry_limit": "r.retry_limit",
    "keep_until": "r.keep_until + (r.keep_until - r.start_after)",
}


def _dead_letter(tables: Tables) -> dict[str, str]:
    lineage = "source_name" in tables.job
    values = {
        "name": "r.dead_letter",
        "data": "r.data",
        "retry_limit": "q.retry_limit",
        "retry_backoff": "q.retry_backoff",
        "retry_delay": "q.retry_delay",
        "keep_until": f"{tables.now} + q.retention_seconds * interval '1 s'",
        "deletion_seconds": "q.deletion_seconds",
        "start_after": tables.now,
        "created_on": tables.now,
    }
    if lineage:
        values |= {
            "priority": "r.priority",
            "expire_seconds": "q.expire_seconds",
            "singleton_key": "r.singleton_key",
            "group_id": "r.group_id",
            "group_tier": "r.group_tier",
            "heartbeat_seconds": "q.heartbeat_seconds",
            "source_name": "r.name",
            "source_id": "r.id",
            "source_created_on": "r.created_on",
            "source_retry_count": "r.retry_count",
        }
    if "source_root_id" in tables.job:
        values |= {"source_output": "r.output", "source_root_id": "COALESCE(r.source_root_id, r.id)"}
    else:
        values["output"] = "r.output"
    if "trace_context" in tables.job:
        values["trace_context"] = "r.trace_context"
    return values
