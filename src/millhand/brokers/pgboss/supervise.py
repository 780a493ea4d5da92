"""Do what a supervising pg-boss process does, where none is: fail what is overdue, delete what is old, release flows.

Each piece is done under the advisory lock under which pg-boss does it, so that the two never collide; one that is held
is left to its holder. Nothing is stamped: a pg-boss process that starts finds everything due, and takes over.
"""

from collections.abc import Mapping, Sequence

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.brokers.pgboss.overdue import AT_ONCE, expire, expire_silent
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables

_SILENT_FOR = 180
_OLD_SILENT_FOR = 360
_FLOWS_SILENT_FOR = 60
"""Seconds without a stamp after which nobody supervises: three times pg-boss' own pace, or more."""

_MOST_BATCHES = 50
_DELETED_AT_ONCE = 1_000


async def somebody_supervises(connection: Connection, tables: Tables) -> bool:
    """Whether a pg-boss process has supervised lately."""
    if "maintained_on" in tables.stamps:
        stamp, source, silent_for = "maintained_on", "version", _OLD_SILENT_FOR
    else:
        claimed = "monitor_claim_on" in tables.queue
        stamp = "GREATEST(monitor_claim_on, monitor_on)" if claimed else "monitor_on"
        source, silent_for = "queue", _SILENT_FOR
    statement = f"""
      SELECT COALESCE(max({stamp}) > {tables.now} - interval '{silent_for} s', false) AS lately
      FROM {tables.name(source)}
    """
    [row] = await rows(connection, statement, {})
    return row["lately"]


async def supervise(connection: Connection, tables: Tables, queues: Sequence[Queue]) -> int:
    """Fail the jobs that are overdue; returns how many."""
    return sum([await _fail_overdue(connection, tables, queue) for queue in queues])


async def _fail_overdue(connection: Connection, tables: Tables, queue: Queue) -> int:
    failed = 0
    for operation, fail in (("failJobsByTimeout", expire), ("failJobsByHeartbeat", expire_silent)):
        for _ in range(_MOST_BATCHES):
            async with connection.transaction():
                if not await _locked(connection, tables, queue, operation):
                    break
                some = await fail(connection, tables, queue)
            failed += some
            if some < AT_ONCE:
                break
    return failed


async def delete_old(connection: Connection, tables: Tables, queues: Sequence[Queue]) -> int:
    """Delete, or archive, the jobs that the producers no longer want to keep; returns how many."""
    deleted = 0
    for queue in queues:
        for _ in range(_MOST_BATCHES):
            async with connection.transaction():
                if not await _locked(connection, tables, queue, "deletion"):
                    break
                some = await rows(connection, _deletion(tables, queue), {"queue": queue.name})
            deleted += len(some)
            if len(some) < _DELETED_AT_ONCE:
                break
    if tables.archive:
        await rows(
            connection, f"DELETE FROM {tables.name('archive')} WHERE archived_on < now() - interval '7 days'", {}
        )
    return deleted


def _deletion(tables: Tables, queue: Queue) -> str:
    table = tables.name(queue.table)
    if tables.archive:
        # The intervals are those that pg-boss 10 takes where the application names none.
        over = "completed_on < now() - interval '12 hours'"
    else:
        # 0 means never from version 12.8 on, and at once before.
        over = f"completed_on + deletion_seconds * interval '1 s' < {tables.now}"
        over += " AND deletion_seconds > 0" if "group_id" in tables.job else ""
    old = f"""SELECT id FROM {table} WHERE name = %(queue)s
      AND ({over} OR state < 'active' AND keep_until < {tables.now}) LIMIT {_DELETED_AT_ONCE} FOR UPDATE SKIP LOCKED"""
    delete = f"DELETE FROM {table} WHERE name = %(queue)s AND id IN ({old}) RETURNING *"
    if not tables.archive:
        return delete.replace("RETURNING *", "RETURNING 1")
    columns = ", ".join(sorted(tables.job))
    return f"""
      WITH old AS ({delete})
      INSERT INTO {tables.name("archive")} ({columns}) SELECT {columns} FROM old ON CONFLICT DO NOTHING RETURNING 1
    """


async def release_flows(connection: Connection, tables: Tables, queues: Mapping[str, Queue]) -> int:
    """Let jobs go that waited for others which are completed now; returns how many of those others there were."""
    if not tables.flows or await _somebody_releases(connection, tables):
        return 0
    released = 0
    for table in {queue.table for queue in queues.values()}:
        released += len(await rows(connection, _release(tables, table), {"queues": list(queues)}))
    return released


async def _somebody_releases(connection: Connection, tables: Tables) -> bool:
    if "flow_on" not in tables.stamps:
        return False
    statement = f"""
      SELECT COALESCE(max(flow_on) > {tables.now} - interval '{_FLOWS_SILENT_FOR} s', false) AS lately
      FROM {tables.name("version")}
    """
    [row] = await rows(connection, statement, {})
    return row["lately"]


def _release(tables: Tables, table: str) -> str:
    left = "GREATEST(j.pending_dependencies - children.n, 0)"
    return f"""
      WITH parents AS (
        SELECT name, id FROM {tables.name(table)} WHERE blocking AND state = 'completed' AND name = ANY(%(queues)s)
        ORDER BY name, id LIMIT {_DELETED_AT_ONCE} FOR UPDATE SKIP LOCKED
      ),
      freed AS (
        SELECT d.child_name, d.child_id, count(*)::int AS n FROM {tables.name("job_dependency")} d
        JOIN parents p ON d.parent_name = p.name AND d.parent_id = p.id GROUP BY d.child_name, d.child_id
      ),
      children AS (
        SELECT j.name, j.id, f.n FROM {tables.name("job")} j JOIN freed f ON f.child_name = j.name AND f.child_id = j.id
        WHERE j.blocked ORDER BY j.name, j.id FOR UPDATE OF j
      ),
      unblocked AS (
        UPDATE {tables.name("job")} j SET pending_dependencies = {left}, blocked = {left} > 0,
          start_after = CASE WHEN {left} = 0 THEN GREATEST(j.start_after, {tables.now}) ELSE j.start_after END
        FROM children WHERE j.name = children.name AND j.id = children.id
      )
      UPDATE {tables.name(table)} j SET blocking = false FROM parents p
      WHERE j.name = p.name AND j.id = p.id RETURNING 1
    """


async def _locked(connection: Connection, tables: Tables, queue: Queue, operation: str) -> bool:
    """Take pg-boss' lock until the transaction ends; False while somebody else has it."""
    key = tables.lock_key("" if tables.archive else f"{queue.table}{operation}")
    [row] = await rows(connection, f"SELECT pg_try_advisory_xact_lock({key}) AS got", {})
    return row["got"]
