"""What a claim must know of each queue: whether it is paused, its limits, what is ready or due, what runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from millhand.core.fairness import Caps, Load
from millhand.core.state import State
from millhand.database.prepared import Prepared
from millhand.database.tables import DUE, OURS, READY, RUNNING, by_index, jobs, queues

_PROMOTED_AT_ONCE = 1_000

_next_due = (
    by_index(sa.select(jobs.c.run_at), "jobs_due")
    .where(DUE, OURS, jobs.c.queue == queues.c.name)
    .order_by(jobs.c.run_at)
    .limit(1)
    .scalar_subquery()
)
# Not merely whether there is one: then PostgreSQL might look for it among the ready jobs of all queues.
_first_ready = (
    by_index(sa.select(jobs.c.priority), "jobs_ready")
    .where(READY, jobs.c.queue == queues.c.name)
    .order_by(jobs.c.priority.desc())
    .limit(1)
    .scalar_subquery()
)

_CAPS = (queues.c.max_running, queues.c.max_per_tenant, queues.c.max_per_limit_key)
_open = sa.select(queues.c.name, *_CAPS, _next_due.label("next_due"), _first_ready.label("first_ready")).where(
    queues.c.paused_at.is_(None)
)
_OPEN_QUEUES = Prepared(_open)


def only_ready() -> sa.ScalarSelect[str]:
    """The queue to deliver from, if there is only one and it has no limits; else null. For PostgreSQL.

    Its parameters are `names` (an array of those to look at, null for all) and `now`. What is due must be made ready
    first, in a statement of its own, and so makes it null.
    """
    names = sa.bindparam("names", type_=postgresql.ARRAY(sa.Text))
    served = _open.where(names.is_(None) | (queues.c.name == sa.any_(names))).subquery("served")
    due = served.c.next_due <= sa.bindparam("now", type_=sa.BigInteger)
    only = (
        sa.select(sa.func.min(served.c.name).label("name"))
        .where(served.c.first_ready.is_not(None) | due)
        .having(
            sa.func.count() == 1,
            sa.func.count().filter(due) == 0,
            *(sa.func.count(served.c[cap.name]) == 0 for cap in _CAPS),
        )
        .cte("only_ready")
    )
    return sa.select(only.c.name).scalar_subquery()


_due_jobs = (
    by_index(sa.select(jobs.c.seq), "jobs_due")
    .where(DUE, OURS, jobs.c.queue == sa.bindparam("in_queue"), jobs.c.run_at <= sa.bindparam("now"))
    .order_by(jobs.c.run_at)
    .limit(_PROMOTED_AT_ONCE)
    .with_for_update(skip_locked=True)
    .cte("due")
)
_PROMOTE = sa.update(jobs).where(jobs.c.seq.in_(sa.select(_due_jobs.c.seq))).values(state=State.AVAILABLE.value)

_RUNNING_LANES = (
    by_index(sa.select(jobs.c.tenant, jobs.c.limit_key, sa.func.count()), "jobs_running")
    .where(RUNNING, OURS, jobs.c.queue == sa.bindparam("queue"))
    .group_by(jobs.c.tenant, jobs.c.limit_key)
)
_OF_QUEUE = sa.select(*_CAPS).where(queues.c.name == sa.bindparam("queue"))
LOCK = 0x636C6D73
"""The first half of the advisory lock of a queue ("clms"); the second is the hash of its name."""

_TRY_LOCK = sa.select(sa.func.pg_try_advisory_xact_lock(LOCK, sa.func.hashtext(sa.bindparam("queue", type_=sa.Text))))


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue that is not paused. `next_due` is the instant of its next delayed job, or None."""

    name: str
    caps: Caps
    next_due: int | None
    ready: bool

    @property
    def limited(self) -> bool:
        """Whether any limit is set."""
        return self.caps != _NO_CAPS


_NO_CAPS = Caps()


def open_queues(connection: sa.Connection, names: Sequence[str], now: int) -> list[Queue]:
    """The queues to deliver from, all that are not paused if no names are given, with what is due made ready."""
    found: list[Queue] = []
    for name, running, tenant, limit_key, next_due, ready in _OPEN_QUEUES.rows(connection):
        if names and name not in names:
            continue
        due = next_due is not None and next_due <= now
        if due:
            connection.execute(_PROMOTE, {"in_queue": name, "now": now})
        caps = Caps(queue=running, tenant=tenant, limit_key=limit_key)
        found.append(Queue(name, caps, next_due, ready=ready is not None or due))
    return found


def alone(connection: sa.Connection, queue: Queue) -> Queue | None:
    """Be the only one who claims from this queue until the end of the transaction; None if another worker is.

    Returns the queue with its limits of now. Nobody waits here, since whoever holds the lock may stand still, and
    heartbeats must go on. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql" and not connection.scalar(_TRY_LOCK, {"queue": queue.name}):
        return None
    running, tenant, limit_key = connection.execute(_OF_QUEUE, {"queue": queue.name}).one()
    return replace(queue, caps=Caps(queue=running, tenant=tenant, limit_key=limit_key))


def load_of(connection: sa.Connection, queue: str) -> Load:
    """What runs in a queue now, counted exactly."""
    tenants: dict[str, int] = {}
    limit_keys: dict[tuple[str, str], int] = {}
    for tenant, limit_key, count in connection.execute(_RUNNING_LANES, {"queue": queue}):
        tenants[tenant] = tenants.get(tenant, 0) + count
        if limit_key:
            limit_keys[tenant, limit_key] = count
    return Load(sum(tenants.values()), tenants, limit_keys)
