"""Queues: what the broker says of each, beside its limits, its workers and its recent failures."""

from collections import Counter
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from millhand.core.fairness import Caps
from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database.tables import in_state, jobs, queues
from millhand.ledger.inspector.workers import all_workers
from millhand.ledger.views import Count, QueueView, WorkerView

_MOST_FAILED = 1_000
_SETTINGS = (queues.c.paused_at, queues.c.max_running, queues.c.max_per_tenant, queues.c.max_per_limit_key)


def overview(connection: sa.Connection, stats: Sequence[QueueStats], silent_since: int) -> tuple[QueueView, ...]:
    """Every queue that the broker tells of or that has settings, by name."""
    return views(connection, stats, all_workers(connection, silent_since))


def views(
    connection: sa.Connection, stats: Sequence[QueueStats], workers: Sequence[WorkerView]
) -> tuple[QueueView, ...]:
    """The same where the workers are known."""
    serving = [worker for worker in workers if worker.takes_jobs]
    settings, failed = _settings(connection)
    more = failed.total() >= _MOST_FAILED
    told = {one.queue: one for one in stats}
    for name, row in settings.items():
        told.setdefault(name, QueueStats(queue=name, paused=row["paused_at"] is not None))
    return tuple(
        _view(told[name], settings.get(name), serving, Count(failed[name], more and name in failed))
        for name in sorted(told)
    )


def _settings(connection: sa.Connection) -> tuple[Mapping[str, sa.RowMapping], Counter[str]]:
    """The settings of each queue, and how many of the newest discarded jobs belong to it: by one statement."""
    newest = sa.select(jobs.c.queue).where(in_state(State.DISCARDED)).order_by(jobs.c.seq.desc()).limit(_MOST_FAILED)
    lost = newest.subquery()
    nothing = [sa.cast(None, column.type) for column in _SETTINGS]
    counted = sa.select(lost.c.queue, *nothing, sa.func.count()).group_by(lost.c.queue)
    known = sa.select(queues.c.name, *_SETTINGS, sa.cast(None, sa.BigInteger).label("failed"))
    settings: dict[str, sa.RowMapping] = {}
    failed = Counter[str]()
    for row in connection.execute(sa.union_all(known, counted)).mappings():
        if row["failed"] is None:
            settings[row["name"]] = row
        else:
            failed[row["name"]] = row["failed"]
    return settings, failed


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
