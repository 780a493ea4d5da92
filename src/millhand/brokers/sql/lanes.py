"""Find the lanes of a queue without reading its backlog: jump through the index from one lane to the next.

A lane is the ready jobs of one priority, tenant and limit key. SQLite and PostgreSQL have no skip scan of their own, so
a recursive query takes one step through the index `jobs_ready` for each lane.
"""

from collections.abc import Mapping
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


def _ready(
    *columns: sa.ColumnElement[Any], source: sa.FromClause = jobs, queue: sa.ColumnElement[str] = _queue
) -> sa.Select[*tuple[Any, ...]]:
    """Read ready jobs of the queue by their index."""
    is_ready = source.c.state == sa.literal_column(f"'{State.AVAILABLE}'")
    return by_index(sa.select(*columns), "jobs_ready", source).where(is_ready, source.c.queue == queue)


def is_single(queue: sa.ColumnElement[str]) -> sa.ScalarSelect[bool]:
    """Whether all ready jobs of a queue are in the same lane, so that there is nothing to choose."""
    first = _end("first", queue, jobs.c.priority.desc(), jobs.c.tenant, jobs.c.limit_key)
    last = _end("last", queue, jobs.c.priority, jobs.c.tenant.desc(), jobs.c.limit_key.desc())
    same = (at_first == at_last for at_first, at_last in zip(first.c, last.c, strict=True))
    return sa.select(sa.and_(*same)).scalar_subquery()


def _end(name: str, queue: sa.ColumnElement[str], *order: sa.ColumnElement[object]) -> sa.Subquery:
    lane = _ready(jobs.c.priority, jobs.c.tenant, jobs.c.limit_key, queue=queue)
    return lane.order_by(*order).limit(1).subquery(name)


_NEXT_PRIORITY = (
    _ready(jobs.c.priority).where(jobs.c.priority < sa.bindparam("below")).order_by(jobs.c.priority.desc()).limit(1)
)


def _lanes_from(beyond_start: sa.ColumnElement[bool]) -> sa.CTE:
    """The lanes in their order, numbered, from a place on."""
    first = (
        _ready(jobs.c.tenant, jobs.c.limit_key, sa.literal_column("1", sa.Integer).label("number"))
        .where(jobs.c.priority == _priority, beyond_start)
        .order_by(jobs.c.tenant, jobs.c.limit_key)
        .limit(1)
        .subquery("first_lane")
    )
    lanes = sa.select(first).cte("lanes", recursive=True)
    # Two exact seeks: for the pair as a whole, SQLite would walk through all jobs of the tenant.
    next_in_tenant = _in_order(_later.c.tenant == lanes.c.tenant, _later.c.limit_key > lanes.c.limit_key).limit(1)
    next_tenant = _in_order(_later.c.tenant > lanes.c.tenant).limit(1)
    following = sa.func.coalesce(next_in_tenant.scalar_subquery(), next_tenant.scalar_subquery())
    return lanes.union_all(
        sa.select(jobs.c.tenant, jobs.c.limit_key, lanes.c.number + 1)
        .select_from(lanes.join(jobs, jobs.c.seq == following))
        .where(lanes.c.number < sa.bindparam("most"))
    )


def _in_order(*conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Ready jobs of the priority that fulfil the conditions, in the order of the index."""
    found = _ready(_later.c.seq, source=_later).where(_later.c.priority == _priority, *conditions)
    return found.order_by(_later.c.tenant, _later.c.limit_key, _later.c.seq)


def _heads_for_sqlite(lanes: sa.CTE) -> sa.Select[*tuple[Any, ...]]:
    """The first jobs of each lane, in the order of lanes and age."""
    same_lane = (_later.c.tenant == lanes.c.tenant) & (_later.c.limit_key == lanes.c.limit_key)
    deepest = _in_order(same_lane).limit(1).offset(sa.bindparam("depth", type_=sa.Integer) - 1).scalar_subquery()
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


def _heads_for_postgresql(lanes: sa.CTE) -> sa.Select[*tuple[Any, ...]]:
    """The same, so that it is found by `jobs_ready`, whatever the server believes of how many jobs are ready.

    As a range, for equations would make the order that of age alone, and that of other indexes do as well.
    """
    job, lane = sa.tuple_(_later.c.tenant, _later.c.limit_key), sa.tuple_(lanes.c.tenant, lanes.c.limit_key)
    first = _in_order(job >= lane, job <= lane).limit(sa.bindparam("depth", type_=sa.Integer)).lateral("first_jobs")
    return (
        sa.select(lanes.c.tenant, lanes.c.limit_key, first.c.seq)
        .select_from(lanes.join(first, sa.true()))
        .order_by(lanes.c.number, first.c.seq)
    )


_place = sa.tuple_(jobs.c.tenant, jobs.c.limit_key)
_FROM_START, _AFTER = _lanes_from(_place >= _start), _lanes_from(_place > _start)
_HEADS = {
    "sqlite": (_heads_for_sqlite(_FROM_START), _heads_for_sqlite(_AFTER)),
    "postgresql": (_heads_for_postgresql(_FROM_START), _heads_for_postgresql(_AFTER)),
}


def next_priority(connection: sa.Connection, queue: str, below: int) -> int | None:
    """The highest priority below a given one that has ready jobs."""
    return connection.scalar(_NEXT_PRIORITY, {"queue": queue, "below": below})


def heads(connection: sa.Connection, queue: str, priority: int, after: LanePlace | None, depth: int) -> Heads:
    """The oldest jobs, up to `depth`, of each lane of one priority; the lanes begin behind `after` and go round."""
    asked = {"queue": queue, "priority": priority, "most": MOST_LANES, "depth": depth}
    from_start, beyond = _HEADS[connection.dialect.name]
    found: Heads = {}
    if after is not None:
        _collect(connection, beyond, {**asked, "tenant": after[0], "limit_key": after[1]}, found)
    if len(found) < MOST_LANES:
        rest: Heads = {}
        _collect(connection, from_start, {**asked, "tenant": "", "limit_key": ""}, rest)
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
