"""Find the lanes of a queue without reading its backlog: jump through the index from one lane to the next.

A lane is the ready jobs of one priority, tenant and limit key. SQLite and PostgreSQL have no skip scan of their own, so
a recursive query takes one step through the index `jobs_ready` for each lane.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from millhand.core.state import State
from millhand.database.numbers import Condition
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


class _SamePlace(Condition):
    """That two pairs of tenant and limit key are the same, as a range of the index `jobs_ready`.

    PostgreSQL would take plain equations for a reason to walk along some other index, through the jobs of all lanes,
    since any order by age would do then. SQLite knows the index, and of such a range would use the first half only.
    """

    inherit_cache = True
    name = "same_place"


@compiles(_SamePlace, "sqlite")
def _for_sqlite(element: _SamePlace, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    tenant, limit_key, its_tenant, its_limit_key = (compiler.process(part, **options) for part in element.clauses)
    return f"({tenant} = {its_tenant} AND {limit_key} = {its_limit_key})"


@compiles(_SamePlace, "postgresql")
def _for_postgresql(element: _SamePlace, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    tenant, limit_key, its_tenant, its_limit_key = (compiler.process(part, **options) for part in element.clauses)
    one, other = f"({tenant}, {limit_key})", f"({its_tenant}, {its_limit_key})"
    return f"({one} >= {other} AND {one} <= {other})"


def _in_lane(job: sa.FromClause, lane: sa.FromClause) -> sa.ColumnElement[bool]:
    return _SamePlace(job.c.tenant, job.c.limit_key, lane.c.tenant, lane.c.limit_key)


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
    deepest = _first_later(_in_lane(_later, lanes), skipped=sa.bindparam("skipped"))
    return (
        _ready(jobs.c.tenant, jobs.c.limit_key, jobs.c.seq)
        .select_from(lanes.join(jobs, _in_lane(jobs, lanes)))
        .where(
            jobs.c.priority == _priority,
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


def single(connection: sa.Connection, queue: str) -> bool:
    """Whether all ready jobs of a queue are in the same lane, so that there is nothing to choose."""
    ends = connection.execute(_ENDS, {"queue": queue}).all()
    return bool(ends) and ends[0] == ends[-1]


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
