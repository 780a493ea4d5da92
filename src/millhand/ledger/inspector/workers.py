"""Workers, schedules and the audit trail: small tables, read whole or from their end."""

import sqlalchemy as sa

from millhand.core.cron import Cron
from millhand.core.redact import redact_mapping
from millhand.core.wish import Wish
from millhand.database.tables import RUNNING, audit, jobs, schedules, workers
from millhand.ledger.inspector.rows import parsed, shown, shown_value
from millhand.ledger.views import AuditPage, AuditView, ScheduleView, WorkerView

_MOST_WORKERS = 1_000


def all_workers(connection: sa.Connection, silent_since: int) -> tuple[WorkerView, ...]:
    """Every known worker with what it runs; silent are those not heard of since that instant."""
    running = (
        sa.select(jobs.c.worker, sa.func.count().label("running")).where(RUNNING).group_by(jobs.c.worker).subquery()
    )
    known = sa.select(workers, running.c.running).join_from(
        workers, running, running.c.worker == workers.c.id, isouter=True
    )
    rows = connection.execute(known.order_by(workers.c.started_at, workers.c.id).limit(_MOST_WORKERS)).mappings()
    return tuple(_worker(row, silent_since) for row in rows)


def all_schedules(connection: sa.Connection) -> tuple[ScheduleView, ...]:
    """Every schedule, by name."""
    rows = connection.execute(sa.select(schedules).order_by(schedules.c.name)).mappings()
    return tuple(_schedule(row) for row in rows)


def audit_page(connection: sa.Connection, before: int | None, limit: int) -> AuditPage:
    """The newest entries, older than the cursor `before` if one is given."""
    older = [] if before is None else [audit.c.seq < before]
    newest = sa.select(audit).where(*older).order_by(audit.c.seq.desc()).limit(limit + 1)
    entries = [_entry(row) for row in connection.execute(newest).mappings()]
    more = len(entries) > limit
    return AuditPage(tuple(entries[:limit]), entries[limit - 1].seq if more else None)


def _worker(row: sa.RowMapping, silent_since: int) -> WorkerView:
    return WorkerView(
        id=row["id"],
        host=row["host"],
        pid=row["pid"],
        version=row["version"],
        queues=tuple(parsed(row["queues"], [])),
        kinds=tuple(parsed(row["kinds"], [])),
        slots=row["slots"],
        state=row["state"],
        facts=shown(row["facts"]),
        started_at=row["started_at"],
        seen_at=row["seen_at"],
        running=row["running"] or 0,
        silent=row["seen_at"] < silent_since,
        wish=Wish(row["wish"]),
    )


def _schedule(row: sa.RowMapping) -> ScheduleView:
    return ScheduleView(
        name=row["name"],
        cron=row["cron"],
        explained=Cron(row["cron"], row["zone"]).explain(),
        zone=row["zone"],
        missed=row["missed"],
        kind=row["kind"],
        args=shown_value(row["args"]),
        queue=row["queue"],
        tenant=row["tenant"],
        priority=row["priority"],
        enabled=row["enabled"],
        next_at=row["next_at"],
        last_at=row["last_at"],
        last_job_id=row["last_job_id"],
    )


def _entry(row: sa.RowMapping) -> AuditView:
    return AuditView(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        target=row["target"],
        details=redact_mapping(parsed(row["details"], {})),
    )
