"""Find the lanes of a queue without reading its backlog: jump through the index from one lane to the next.

A lane is the ready jobs of one priority, tenant and limit key. SQLite and PostgreSQL have no skip scan of their own, so
a recursive query takes one step through the index `jobs_ready` for each lane.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from millhand.database.tables import READY, jobs

MOST_LANES = 200
"""How many lanes of one priority a single claim looks at; the next claim goes on behind them."""

LanePlace = tuple[str, str]
"""Tenant and limit key, the latter empty for none."""

Heads = dict[LanePlace, list[int]]
"""For each lane the numbers of its oldest jobs, in the order in which the lanes are to be served."""

_HIGHEST_SEQ = 2**62

_queue = sa.bindparam("queue", type_=sa.Text)
_priority = sa.bindparam("priority", type_=sa.Integer)
_place = sa.tuple_(jobs.c.tenant, jobs.c.limit_key)
_start = sa.tuple_(sa.bindparam("tenant", type_=sa.Text), sa.bindparam("limit_key", type_=sa.Text))
_in_queue = READY & (jobs.c.queue == _queue)


def _end(name: str, *order: sa.ColumnElement[object]) -> sa.Select[int, str, str]:
    lane = sa.select(jobs.c.priority, jobs.c.tenant, jobs.c.limit_key).where(_in_queue)
    return sa.select(lane.order_by(*order).limit(1).subquery(name))


_ENDS = sa.union_all(
    _end("first", jobs.c.priority.desc(), jobs.c.tenant, jobs.c.limit_key),
    _end("last", jobs.c.priority, jobs.c.tenant.desc(), jobs.c.limit_key.desc()),
)

_NEXT_PRIORITY = (
    sa.select(jobs.c.priority)
    .where(_in_queue, jobs.c.priority < sa.bindparam("below"))
    .order_by(jobs.c.priority.desc())
    .limit(1)
)


def _heads(beyond_start: sa.ColumnElement[bool]) -> sa.Select[str, str, int]:
    """The first jobs of each lane, in the order of lanes and age, from a place on."""
    first = (
        sa.select(jobs.c.tenant, jobs.c.limit_key, sa.literal_column("1", sa.Integer).label("number"))
        .where(_in_queue, jobs.c.priority == _priority, beyond_start)
        .order_by(jobs.c.tenant, jobs.c.limit_key)
        .limit(1)
        .subquery("first_lane")
    )
    lanes = sa.select(first).cte("lanes", recursive=True)
    later = jobs.alias("later")
    step = (
        sa.select(later.c.seq)
        .where(
            later.c.state == sa.literal_column("'available'"),
            later.c.queue == _queue,
            later.c.priority == _priority,
            sa.tuple_(later.c.tenant, later.c.limit_key) > sa.tuple_(lanes.c.tenant, lanes.c.limit_key),
        )
        .order_by(later.c.tenant, later.c.limit_key, later.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    lanes = lanes.union_all(
        sa.select(jobs.c.tenant, jobs.c.limit_key, lanes.c.number + 1)
        .select_from(lanes.join(jobs, jobs.c.seq == step))
        .where(lanes.c.number < sa.bindparam("most"))
    )
    deepest = (
        sa.select(later.c.seq)
        .where(
            later.c.state == sa.literal_column("'available'"),
            later.c.queue == _queue,
            later.c.priority == _priority,
            later.c.tenant == lanes.c.tenant,
            later.c.limit_key == lanes.c.limit_key,
        )
        .order_by(later.c.seq)
        .limit(1)
        .offset(sa.bindparam("beyond_depth"))
        .scalar_subquery()
    )
    return (
        sa.select(jobs.c.tenant, jobs.c.limit_key, jobs.c.seq)
        .select_from(
            lanes.join(
                jobs,
                READY
                & (jobs.c.queue == _queue)
                & (jobs.c.priority == _priority)
                & (jobs.c.tenant == lanes.c.tenant)
                & (jobs.c.limit_key == lanes.c.limit_key)
                & (jobs.c.seq <= sa.func.coalesce(deepest, _HIGHEST_SEQ)),
            )
        )
        .order_by(lanes.c.number, jobs.c.seq)
    )


_HEADS_FROM_START = _heads(_place >= _start)
_HEADS_AFTER = _heads(_place > _start)


@dataclass(frozen=True, slots=True)
class OnlyLane:
    """The single lane of a queue, whose jobs need no choosing."""

    priority: int
    tenant: str
    limit_key: str


def only_lane(connection: sa.Connection, queue: str) -> OnlyLane | None:
    """The lane of a queue that has exactly one; None if there is none, or a choice."""
    ends = connection.execute(_ENDS, {"queue": queue}).all()
    return OnlyLane(*ends[0]) if ends and ends[0] == ends[-1] else None


def next_priority(connection: sa.Connection, queue: str, below: int) -> int | None:
    """The highest priority below a given one that has ready jobs."""
    return connection.scalar(_NEXT_PRIORITY, {"queue": queue, "below": below})


def heads(connection: sa.Connection, queue: str, priority: int, after: LanePlace | None, depth: int) -> Heads:
    """The oldest jobs, up to `depth`, of each lane of one priority; the lanes begin behind `after` and go round."""
    asked = {"queue": queue, "priority": priority, "most": MOST_LANES, "beyond_depth": depth - 1}
    found: Heads = {}
    if after is not None:
        _collect(connection, _HEADS_AFTER, {**asked, "tenant": after[0], "limit_key": after[1]}, found)
    if len(found) < MOST_LANES:
        rest: Heads = {}
        _collect(connection, _HEADS_FROM_START, {**asked, "tenant": "", "limit_key": ""}, rest)
        for place, seqs in rest.items():
            found.setdefault(place, seqs)
    return found


def _collect(
    connection: sa.Connection,
    statement: sa.Select[str, str, int],
    asked: Mapping[str, object],
    found: Heads,
) -> None:
    for tenant, limit_key, seq in connection.execute(statement, asked):
        found.setdefault((tenant, limit_key), []).append(seq)
