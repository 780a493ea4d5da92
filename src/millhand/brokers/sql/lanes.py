"""Find the lanes of a queue without reading its backlog: jump through the index from one lane to the next.

A lane is the ready jobs of one priority, tenant and limit key. SQLite and PostgreSQL have no skip scan of their own, so
a recursive query takes one step through the index `jobs_ready` for each lane.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from millhand.core.state import State
from millhand.database.tables import by_index, jobs

MOST_LANES = 200
"""How many lanes of one priority a single claim looks at; the next claim goes on behind them."""

LanePlace = tuple[str, str]
"""Tenant and limit key, the latter empty for none."""

Heads = dict[LanePlace, list[int]]
"""For each lane the numbers of its oldest jobs, in the order in which the lanes are to be served."""

_HIGHEST_SEQ = 2**62

_queue = sa.bindparam("queue", type_=sa.Text)
_priority = sa.bindparam("priority", type_=sa.Integer)
_start = sa.tuple_(sa.bindparam("tenant", type_=sa.Text), sa.bindparam("limit_key", type_=sa.Text))
_later = jobs.alias("later")


def _ready(*columns: sa.ColumnElement[Any], source: sa.FromClause = jobs) -> sa.Select[*tuple[Any, ...]]:
    """Read ready jobs of the queue by their index."""
    is_ready = source.c.state == sa.literal_column(f"'{State.AVAILABLE}'")
    return by_index(sa.select(*columns), "jobs_ready", source).where(is_ready, source.c.queue == _queue)


def _end(name: str, *order: sa.ColumnElement[object]) -> sa.Select[*tuple[Any, ...]]:
    lane = _ready(jobs.c.priority, jobs.c.tenant, jobs.c.limit_key)
    return sa.select(lane.order_by(*order).limit(1).subquery(name))


_ENDS = sa.union_all(
    _end("first", jobs.c.priority.desc(), jobs.c.tenant, jobs.c.limit_key),
    _end("last", jobs.c.priority, jobs.c.tenant.desc(), jobs.c.limit_key.desc()),
)

_NEXT_PRIORITY = (
    _ready(jobs.c.priority).where(jobs.c.priority < sa.bindparam("below")).order_by(jobs.c.priority.desc()).limit(1)
)


def _heads(beyond_start: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """The first jobs of each lane, in the order of lanes and age, from a place on."""
    first = (
        _ready(jobs.c.tenant, jobs.c.limit_key, sa.literal_column("1", sa.Integer).label("number"))
        .where(jobs.c.priority == _priority, beyond_start)
        .order_by(jobs.c.tenant, jobs.c.limit_key)
        .limit(1)
        .subquery("first_lane")
    )
    lanes = sa.select(first).cte("lanes", recursive=True)
    # Two exact seeks: for the pair as a whole, SQLite would walk through all jobs of the tenant.
    next_in_tenant = _first_later(_later.c.tenant == lanes.c.tenant, _later.c.limit_key > lanes.c.limit_key)
    next_tenant = _first_later(_later.c.tenant > lanes.c.tenant)
    lanes = lanes.union_all(
        sa.select(jobs.c.tenant, jobs.c.limit_key, lanes.c.number + 1)
        .select_from(lanes.join(jobs, jobs.c.seq == sa.func.coalesce(next_in_tenant, next_tenant)))
        .where(lanes.c.number < sa.bindparam("most"))
    )
    deepest = _first_later(
        _later.c.tenant == lanes.c.tenant, _later.c.limit_key == lanes.c.limit_key, skipped=sa.bindparam("skipped")
    )
    return (
        _ready(jobs.c.tenant, jobs.c.limit_key, jobs.c.seq)
        .select_from(lanes)
        .where(
            jobs.c.priority == _priority,
            jobs.c.tenant == lanes.c.tenant,
            jobs.c.limit_key == lanes.c.limit_key,
            jobs.c.seq <= sa.func.coalesce(deepest, _HIGHEST_SEQ),
        )
        .order_by(lanes.c.number, jobs.c.seq)
    )


def _first_later(
    *conditions: sa.ColumnElement[bool], skipped: sa.BindParameter[int] | None = None
) -> sa.ScalarSelect[int]:
    found = (
        _ready(_later.c.seq, source=_later)
        .where(_later.c.priority == _priority, *conditions)
        .order_by(_later.c.tenant, _later.c.limit_key, _later.c.seq)
        .limit(1)
    )
    return (found if skipped is None else found.offset(skipped)).scalar_subquery()


_place = sa.tuple_(jobs.c.tenant, jobs.c.limit_key)
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
    asked = {"queue": queue, "priority": priority, "most": MOST_LANES, "skipped": depth - 1}
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
    statement: sa.Select[*tuple[Any, ...]],
    asked: Mapping[str, object],
    found: Heads,
) -> None:
    for tenant, limit_key, seq in connection.execute(statement, asked).all():
        found.setdefault((tenant, limit_key), []).append(seq)
