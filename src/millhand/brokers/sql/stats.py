"""How each queue stands, from its indexes and never from a full scan: one statement for all queues."""

from typing import Any

import sqlalchemy as sa

from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database.tables import DUE, READY, RUNNING, by_index, jobs, queues

COUNTED = 10_000
"""Counts stop here: 10,000 means this many or more."""

_LOOKED_AT = 200
_SCHEDULED = COUNTED + 1


def _some(
    column: sa.ColumnElement[Any], what: sa.ColumnElement[bool], index: str, *order: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """Jobs of a queue in the order of an index, so that PostgreSQL reads them by that one as well."""
    found = by_index(sa.select(column.label("value")), index).where(what, jobs.c.queue == queues.c.name)
    return found.order_by(*order).correlate(queues)


def _count(some: sa.Select[Any]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(some.limit(COUNTED).subquery()).scalar_subquery()


def _count_due() -> sa.ScalarSelect[int]:
    """How many are scheduled, times `_SCHEDULED`, and how many are tried again: two counts, by looking once."""
    some = _some(jobs.c.state, DUE, "jobs_due", jobs.c.run_at).limit(COUNTED).subquery()
    each = sa.case((some.c.value == State.SCHEDULED.value, _SCHEDULED), else_=1)
    return sa.select(sa.func.sum(each)).scalar_subquery()


def _oldest(*order: sa.ColumnElement[Any]) -> sa.ScalarSelect[int]:
    end = _some(jobs.c.run_at, READY, "jobs_ready", *order).limit(_LOOKED_AT).subquery()
    return sa.select(sa.func.min(end.c.value)).scalar_subquery()


_one = sa.literal_column("1", sa.Integer)
_lane = (jobs.c.tenant, jobs.c.limit_key)
_ready = _some(_one, READY, "jobs_ready", jobs.c.priority.desc(), *_lane, jobs.c.seq)
_running = _some(_one, RUNNING, "jobs_running", *_lane, jobs.c.lease_until)
_STATS = sa.select(
    queues.c.name,
    queues.c.paused_at,
    _count(_ready).label("available"),
    _count_due().label("due"),
    _count(_running).label("running"),
    _oldest(jobs.c.priority.desc(), *_lane, jobs.c.seq).label("first"),
    _oldest(jobs.c.priority, jobs.c.tenant.desc(), jobs.c.limit_key.desc(), jobs.c.seq.desc()).label("last"),
).order_by(queues.c.name)


def queue_stats(connection: sa.Connection) -> list[QueueStats]:
    """How each known queue stands; counts end at `COUNTED`, and `oldest` is sought at either end of the line."""
    return [_stats(row) for row in connection.execute(_STATS).mappings()]


def _stats(row: sa.RowMapping) -> QueueStats:
    scheduled, retryable = divmod(row["due"] or 0, _SCHEDULED)
    return QueueStats(
        queue=row["name"],
        available=row["available"],
        scheduled=scheduled,
        retryable=retryable,
        running=row["running"],
        oldest=min((row[end] for end in ("first", "last") if row[end] is not None), default=None),
        paused=row["paused_at"] is not None,
    )
