"""Failures by group: jobs of one kind that failed alike stand together, the group that failed last comes first."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from millhand.core.redact import redact_text
from millhand.core.state import State
from millhand.database.tables import FAILING, in_state, jobs
from millhand.ledger.inspector.counts import counted
from millhand.ledger.inspector.trends import hourly
from millhand.ledger.views import FailureGroup

MOST_GROUPS = 300
LARGEST_PAGE = 100
_MOST_COUNTED = 1_000


def groups(connection: sa.Connection, limit: int, now: int) -> tuple[FailureGroup, ...]:
    """The groups that failed last, at most `limit` of them, with bounded counts.

    Of more than `MOST_GROUPS` groups, those are shown that come first by kind.
    """
    limit = min(limit, LARGEST_PAGE)
    # A group whose jobs are in both states is found twice.
    rows = connection.execute(_NEWEST, {"most": 2 * limit}).mappings()
    found = {_name(row): row for row in reversed(rows.all())}
    newest = sorted(found.values(), key=lambda row: -row["newest"])[:limit]
    if not newest:
        return ()
    ends = _ends(connection, [seq for row in newest for seq in (_oldest(row), row["newest"])])
    hours = hourly(connection, [_name(row) for row in newest], now)
    return tuple(_view(row, ends[_oldest(row)], ends[row["newest"]], hours[_name(row)]) for row in newest)


def jobs_of(
    connection: sa.Connection, kind: str, fingerprint: str, states: Sequence[State], limit: int
) -> tuple[str, ...]:
    """The ids of the jobs of a group that are in one of these states, newest first."""
    group = [FAILING, jobs.c.kind == kind, jobs.c.error_fingerprint == fingerprint]
    newest = sa.select(jobs.c.seq, jobs.c.id).order_by(jobs.c.seq.desc()).limit(limit)
    found = [row for state in set(states) for row in connection.execute(newest.where(*group, in_state(state)))]
    return tuple(row.id for row in sorted(found, key=lambda row: -row.seq)[:limit])


def _first(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """The oldest job of the first group, in the order of the index, that fulfils the conditions."""
    in_order = (jobs.c.kind, jobs.c.error_fingerprint, jobs.c.seq)
    return sa.select(jobs.c.seq).where(FAILING, *where).order_by(*in_order).limit(1).scalar_subquery()


def _leaps(head: sa.FromClause) -> sa.CTE:
    """The oldest job of each group and state.

    Each is found by one leap along the index from the one before it, so the sizes of groups do not matter. One
    condition on the pair of kind and fingerprint would be shorter, but of such a pair SQLite uses the first only.
    """
    known = jobs.c.error_fingerprint.is_not(None)
    starts = [sa.select(_first(in_state(state), known).label("seq")) for state in _STATES]
    leaps = sa.select(sa.union_all(*starts).subquery("starts").c.seq).cte("leaps", recursive=True)
    same_state = jobs.c.state == head.c.state
    same_kind = _first(same_state, jobs.c.kind == head.c.kind, jobs.c.error_fingerprint > head.c.error_fingerprint)
    next_kind = _first(same_state, jobs.c.kind > head.c.kind, known)
    following = sa.select(sa.func.coalesce(same_kind, next_kind))
    return leaps.union_all(following.select_from(sa.join(leaps, head, head.c.seq == leaps.c.seq)))


def _members(group: sa.FromClause, state: sa.ColumnElement[bool]) -> list[sa.ColumnElement[bool]]:
    return [FAILING, state, jobs.c.kind == group.c.kind, jobs.c.error_fingerprint == group.c.error_fingerprint]


def _found() -> sa.Subquery:
    """The groups with their newest job, those first that failed last."""
    head = jobs.alias("head")
    leaps = _leaps(head)
    some = sa.select(leaps.c.seq).limit(2 * MOST_GROUPS).subquery("some")
    newest = sa.select(sa.func.max(jobs.c.seq)).where(*_members(head, jobs.c.state == head.c.state)).correlate(head)
    groups_found = sa.select(head.c.kind, head.c.error_fingerprint, newest.label("newest"))
    joined = groups_found.select_from(sa.join(some, head, head.c.seq == some.c.seq))
    return joined.order_by(sa.desc("newest")).limit(sa.bindparam("most")).subquery("found")


def _figures(found: sa.Subquery, state: State) -> tuple[sa.Label[int], sa.Label[int]]:
    """How many jobs of the group are in this state, bounded, and the oldest of them."""
    members = sa.select(jobs.c.seq).where(*_members(found, in_state(state)))
    some = members.limit(_MOST_COUNTED + 1).correlate(found).subquery()
    count = sa.select(sa.func.count()).select_from(some).scalar_subquery()
    oldest = members.order_by(jobs.c.seq).limit(1).correlate(found).scalar_subquery()
    return count.label(f"{state}_count"), oldest.label(f"{state}_oldest")


_STATES = (State.DISCARDED, State.RETRYABLE)
_FOUND = _found()
_NEWEST = sa.select(_FOUND, *(figure for state in _STATES for figure in _figures(_FOUND, state))).order_by(
    _FOUND.c.newest.desc()
)


def _ends(connection: sa.Connection, seqs: Sequence[int]) -> Mapping[int, sa.RowMapping]:
    """The oldest and newest jobs of groups."""
    seen_at = sa.func.coalesce(jobs.c.finished_at, jobs.c.claimed_at, jobs.c.enqueued_at).label("seen_at")
    wanted = sa.select(jobs.c.seq, jobs.c.id, jobs.c.error_code, jobs.c.error_message, seen_at)
    rows = connection.execute(wanted.where(jobs.c.seq.in_(seqs))).mappings()
    return {row["seq"]: row for row in rows}


def _oldest(group: sa.RowMapping) -> int:
    return min(seq for state in _STATES if (seq := group[f"{state}_oldest"]) is not None)


def _name(group: sa.RowMapping) -> tuple[str, str]:
    return group["kind"], group["error_fingerprint"]


def _view(group: sa.RowMapping, first: sa.RowMapping, last: sa.RowMapping, hours: tuple[int, ...]) -> FailureGroup:
    return FailureGroup(
        kind=group["kind"],
        fingerprint=group["error_fingerprint"],
        code=last["error_code"] or "",
        message=redact_text(last["error_message"] or ""),
        discarded=counted(group["discarded_count"], _MOST_COUNTED),
        retrying=counted(group["retryable_count"], _MOST_COUNTED),
        first_at=first["seen_at"],
        last_at=last["seen_at"],
        sample_id=last["id"],
        hours=hours,
    )
