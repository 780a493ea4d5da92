"""How each queue stands, from its indexes and never from a full scan."""

import sqlalchemy as sa

from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database.tables import DUE, READY, RUNNING, by_index, jobs, queues

COUNTED = 10_000
"""Counts stop here: 10,000 means this many or more."""

_LOOKED_AT = 1_000

_QUEUES = sa.select(queues.c.name, queues.c.paused_at).order_by(queues.c.name)
_queue = sa.bindparam("queue", type_=sa.Text)


def _some(what: sa.ColumnElement[bool], index: str, *order: sa.ColumnElement[object]) -> sa.Select[str]:
    """The first ones in the order of the index, so that PostgreSQL reads them by that one as well."""
    found = by_index(sa.select(jobs.c.state), index).where(what, jobs.c.queue == _queue)
    return found.order_by(*order).limit(COUNTED)


def _count(some: sa.Select[str]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()


_lane = (jobs.c.tenant, jobs.c.limit_key)
_COUNTS = sa.select(
    _count(_some(READY, "jobs_ready", jobs.c.priority.desc(), *_lane, jobs.c.seq)),
    _count(_some(RUNNING, "jobs_running", *_lane, jobs.c.lease_until)),
)

_due = _some(DUE, "jobs_due", jobs.c.run_at).subquery("due")
_DUE_COUNTS = sa.select(_due.c.state, sa.func.count()).group_by(_due.c.state)


def _oldest(name: str, *order: sa.ColumnElement[object]) -> sa.ScalarSelect[int]:
    end = (
        by_index(sa.select(jobs.c.run_at), "jobs_ready")
        .where(READY, jobs.c.queue == _queue)
        .order_by(*order)
        .limit(_LOOKED_AT)
        .subquery(name)
    )
    return sa.select(sa.func.min(end.c.run_at)).scalar_subquery()


_OLDEST = sa.select(
    _oldest("first", jobs.c.priority.desc(), jobs.c.tenant, jobs.c.limit_key, jobs.c.seq),
    _oldest("last", jobs.c.priority, jobs.c.tenant.desc(), jobs.c.limit_key.desc(), jobs.c.seq.desc()),
)


def queue_stats(connection: sa.Connection) -> list[QueueStats]:
    """How each known queue stands; counts end at `COUNTED`, and `oldest` is sought at either end of the line."""
    return [
        _stats(connection, name, paused=paused_at is not None) for name, paused_at in connection.execute(_QUEUES).all()
    ]


def _stats(connection: sa.Connection, queue: str, *, paused: bool) -> QueueStats:
    asked = {"queue": queue}
    ready, running = connection.execute(_COUNTS, asked).one()
    due = {row[0]: row[1] for row in connection.execute(_DUE_COUNTS, asked)}
    oldest = [instant for instant in connection.execute(_OLDEST, asked).one() if instant is not None]
    return QueueStats(
        queue=queue,
        available=ready,
        scheduled=due.get(State.SCHEDULED, 0),
        retryable=due.get(State.RETRYABLE, 0),
        running=running,
        oldest=min(oldest, default=None),
        paused=paused,
    )
