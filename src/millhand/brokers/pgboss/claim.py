"""Lease waiting jobs of one queue in one statement, by the rules of its policy."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import errors

from millhand.brokers.pgboss.connections import Connection, Row, rows
from millhand.brokers.pgboss.deliver import returned
from millhand.brokers.pgboss.envelope import KEY
from millhand.brokers.pgboss.queues import KEY_STRICT_FIFO, Queue
from millhand.brokers.pgboss.tables import Tables, literal

_TRIES = 3
_LOOK_AHEAD = 1_000
MARK = f"'{KEY}'"
"""The key of a worker's mark, in SQL."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The queues with jobs that are due, and the seconds until another one will have some (None if that is unknown)."""

    ready: list[Queue]
    due_in: float | None


async def claim(
    connection: Connection,
    tables: Tables,
    queue: Queue,
    limit: int,
    terms: "dict[str, object]",
    group_limit: int | None,
) -> list[Row]:
    """Make up to `limit` jobs active; `terms` are the `worker` and the seconds of its `lease`.

    A job that another worker makes active at the same moment may break a policy: then the whole statement fails, as
    the client's does, and is tried again.
    """
    statement = _statement(tables, queue, many=limit > 1, grouped=group_limit is not None and "group_id" in tables.job)
    parameters = {"queue": queue.name, "limit": limit, "group_limit": group_limit, **terms}
    for _ in range(_TRIES):
        try:
            return _in_order(await rows(connection, statement, parameters))
        except errors.UniqueViolation:
            continue
    return []


def _in_order(claimed: list[Row]) -> list[Row]:
    return sorted(claimed, key=lambda row: (-row["priority"], row["created_on"], row["id"]))


def _statement(tables: Tables, queue: Queue, *, many: bool, grouped: bool) -> str:
    table = tables.name(queue.table)
    parts = [
        _heads(tables, table) if queue.policy == KEY_STRICT_FIFO else "",
        _busy_groups(table) if grouped else "",
        f"""next AS (
          SELECT j.id, j.singleton_key, j.priority, j.created_on{", j.group_id" if grouped else ""}
          FROM {table} j WHERE {_conditions(tables, queue, grouped=grouped)}
          ORDER BY j.priority DESC, j.created_on LIMIT %(limit)s FOR UPDATE OF j SKIP LOCKED
        )""",
        f"chosen AS ({_chosen(queue, many=many, grouped=grouped)})",
    ]
    return f"""
      WITH {", ".join(part for part in parts if part)}
      UPDATE {table} j SET
        state = 'active', started_on = {tables.now}, {tables.if_column("heartbeat_on", f"heartbeat_on = {tables.now},")}
        retry_count = CASE WHEN j.started_on IS NULL THEN j.retry_count ELSE j.retry_count + 1 END,
        output = {_mark(tables)}
      FROM chosen WHERE j.name = %(queue)s AND j.id = chosen.id
      RETURNING {returned(tables)}
    """


def _mark(tables: Tables) -> str:
    """An active job of ours says in its output who has it until when: older tables have no place for that."""
    until = f"{tables.now} + %(lease)s * interval '1 s'"
    return f"jsonb_build_object({MARK}, jsonb_build_object('worker', %(worker)s::text, 'lease_until', {until}))"


def _conditions(tables: Tables, queue: Queue, *, grouped: bool) -> str:
    table = tables.name(queue.table)
    conditions = [
        "j.name = %(queue)s AND j.state < 'active'",
        f"j.start_after <= {tables.now}",
        tables.if_column("blocked", "NOT j.blocked"),
    ]
    if queue.one_at_a_time:
        conditions.append(
            f"""NOT EXISTS (
              SELECT FROM {table} b
              WHERE b.name = %(queue)s AND b.state = 'active' AND b.policy = {literal(queue.policy)}
              AND COALESCE(b.singleton_key, '') = COALESCE(j.singleton_key, ''))"""
        )
    if queue.policy == KEY_STRICT_FIFO:
        conditions.append(
            f"""j.id IN (SELECT id FROM heads) AND NOT EXISTS (
              SELECT FROM {table} b WHERE b.name = %(queue)s AND b.singleton_key = j.singleton_key
              AND b.state IN ('active', 'retry', 'failed') AND b.policy = '{KEY_STRICT_FIFO}' AND b.id <> j.id)"""
        )
    if grouped:
        busy = "(SELECT busy.count FROM busy WHERE busy.group_id = j.group_id)"
        conditions.append(f"(j.group_id IS NULL OR COALESCE({busy}, 0) < %(group_limit)s)")
    return " AND ".join(condition for condition in conditions if condition)


def _heads(tables: Tables, table: str) -> str:
    """The first job of each key; one that waits for its retry comes before younger and older ones."""
    return f"""heads AS MATERIALIZED (
      SELECT DISTINCT ON (h.singleton_key) h.id FROM {table} h
      WHERE h.name = %(queue)s AND h.state < 'active' AND h.policy = '{KEY_STRICT_FIFO}'
      AND h.start_after <= {tables.now}
      {tables.if_column("blocked", "AND NOT h.blocked")}
      ORDER BY h.singleton_key, h.state DESC, h.created_on, h.id
    )"""


def _busy_groups(table: str) -> str:
    return f"""busy AS MATERIALIZED (
      SELECT group_id, count(*) AS count FROM {table}
      WHERE name = %(queue)s AND state = 'active' AND group_id IS NOT NULL GROUP BY group_id
    )"""


def _chosen(queue: Queue, *, many: bool, grouped: bool) -> str:
    """Of the candidates those that may run together."""
    if queue.one_at_a_time and many:
        return """
          SELECT DISTINCT ON (COALESCE(singleton_key, '')) id FROM next
          ORDER BY COALESCE(singleton_key, ''), priority DESC, created_on"""
    if grouped:
        return """
          SELECT id FROM (
            SELECT next.id, next.group_id, COALESCE(busy.count, 0) + row_number() OVER (
              PARTITION BY next.group_id ORDER BY next.priority DESC, next.created_on) AS place
            FROM next LEFT JOIN busy ON busy.group_id = next.group_id
          ) placed WHERE group_id IS NULL OR place <= %(group_limit)s"""
    return "SELECT id FROM next"


async def ready(connection: Connection, tables: Tables, queues: Sequence[Queue]) -> Outlook:
    """Look whether jobs wait, as cheaply as pg-boss' indexes allow, and lease none."""
    job = tables.name("job")
    waiting = f"""j.name = q.name AND j.state < 'active' {tables.if_column("blocked", "AND NOT j.blocked")}"""
    later = f"SELECT j.start_after FROM {job} j WHERE {waiting} LIMIT {_LOOK_AHEAD}"
    found = await rows(
        connection,
        f"""
        SELECT q.name, EXISTS (SELECT FROM {job} j WHERE {waiting} AND j.start_after <= {tables.now}) AS ready,
          extract(epoch FROM (SELECT min(start_after) FROM ({later}) AS few) - {tables.now})::float8 AS due_in
        FROM unnest(%(queues)s::text[]) AS q (name)
        """,
        {"queues": [queue.name for queue in queues]},
    )
    names = {row["name"] for row in found if row["ready"]}
    due = [row["due_in"] for row in found if row["due_in"] is not None and not row["ready"]]
    return Outlook([queue for queue in queues if queue.name in names], max(0.0, min(due)) if due else None)
