"""How each queue stands, from its indexes and never from a full scan."""

import sqlalchemy as sa

from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database.tables import DUE, READY, RUNNING, jobs, queues

COUNTED = 10_000
"""Counts stop here: 10,000 means this many or more."""

_LOOKED_AT = 1_000

_QUEUES = sa.select(queues.c.name, queues.c.paused_at).order_by(queues.c.name)
_queue = sa.bindparam("queue", type_=sa.Text)


def _some(what: sa.ColumnElement[bool]) -> sa.Select[str]:
    return sa.select(jobs.c.state).where(what, jobs.c.queue == _queue).limit(COUNTED)


def _count(what: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(_some(what).subquery())


_COUNTS = sa.select(_count(READY).scalar_subquery(), _count(RUNNING).scalar_subquery())

_due = _some(DUE).order_by(jobs.c.run_at).subquery("due")
_DUE_COUNTS = sa.select(_due.c.state, sa.func.count()).group_by(_due.c.state)


def _end(name: str, *order: sa.ColumnElement[object]) -> sa.Subquery:
    return (
        sa.select(jobs.c.run_at).where(READY, jobs.c.queue == _queue).order_by(*order).limit(_LOOKED_AT).subquery(name)
    )


_first = _end("first", jobs.c.priority.desc(), jobs.c.tenant, jobs.c.limit_key, jobs.c.seq)
_last = _end("last", jobs.c.priority, jobs.c.tenant.desc(), jobs.c.limit_key.desc(), jobs.c.seq.desc())
_OLDEST = sa.select(
    sa.select(sa.func.min(_first.c.run_at)).scalar_subquery(), sa.select(sa.func.min(_last.c.run_at)).scalar_subquery()
)


def queue_stats(connection: sa.Connection) -> list[QueueStats]:
    """How each known queue stands; counts end at `COUNTED`, and `oldest` is sought at either end of the line."""
    return [
        _stats(connection, name, paused=paused_at is not None) for name, paused_at in connection.execute(_QUEUES).all()
    ]


def _stats(connection: sa.Connection, queue: str, *, paused: bool) -> QueueStats:
    asked = {"queue": queue}
    ready, running = connection.execute(_COUNTS, asked).one()
    due = dict(connection.execute(_DUE_COUNTS, asked).tuples().all())
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
