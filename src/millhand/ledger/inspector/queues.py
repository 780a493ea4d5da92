"""Queues: what the broker says of each, beside its limits, its workers and its recent failures."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from millhand.core.fairness import Caps
from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database.tables import in_state, jobs, queues
from millhand.ledger.inspector.counts import MOST
from millhand.ledger.inspector.workers import all_workers
from millhand.ledger.views import Count, QueueView, WorkerView


def overview(connection: sa.Connection, stats: Sequence[QueueStats], silent_since: int) -> tuple[QueueView, ...]:
    """Every queue that the broker tells of or that has settings, by name."""
    settings = {row["name"]: row for row in connection.execute(sa.select(queues)).mappings()}
    workers = [worker for worker in all_workers(connection, silent_since) if worker.takes_jobs]
    failed, more = _discarded(connection)
    told = {one.queue: one for one in stats}
    for name, row in settings.items():
        told.setdefault(name, QueueStats(queue=name, paused=row["paused_at"] is not None))
    return tuple(
        _view(told[name], settings.get(name), workers, Count(failed[name], more and name in failed))
        for name in sorted(told)
    )


def _discarded(connection: sa.Connection) -> tuple[Counter[str], bool]:
    """How many of the newest discarded jobs belong to each queue, and whether there are older ones."""
    newest = sa.select(jobs.c.queue).where(in_state(State.DISCARDED)).order_by(jobs.c.seq.desc()).limit(MOST).subquery()
    grouped = sa.select(newest.c.queue, sa.func.count()).group_by(newest.c.queue)
    found: Counter[str] = Counter({row[0]: row[1] for row in connection.execute(grouped)})
    return found, found.total() >= MOST


def _view(stats: QueueStats, row: sa.RowMapping | None, workers: Sequence[WorkerView], discarded: Count) -> QueueView:
    serving = [worker for worker in workers if worker.serves(stats.queue)]
    return QueueView(
        stats=stats,
        caps=_caps(row),
        paused_at=None if row is None else row["paused_at"],
        workers=len(serving),
        slots=sum(worker.slots for worker in serving),
        discarded=discarded,
    )


def _caps(row: sa.RowMapping | None) -> Caps:
    if row is None:
        return Caps()
    return Caps(queue=row["max_running"], tenant=row["max_per_tenant"], limit_key=row["max_per_limit_key"])
