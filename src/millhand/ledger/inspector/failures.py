"""Failures by group: jobs of one kind that failed alike stand together, the group that failed last comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa

from millhand.core.redact import redact_text
from millhand.core.state import State
from millhand.database.tables import FAILING, in_state, jobs
from millhand.ledger.inspector.counts import bounded, counted, counts
from millhand.ledger.views import FailureGroup

MOST_GROUPS = 500
LARGEST_PAGE = 100
_MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class _Group:
    kind: str
    fingerprint: str
    oldest: int
    newest: int

    def of_state(self, state: State) -> list[sa.ColumnElement[bool]]:
        return [*_members(self.kind, self.fingerprint), in_state(state)]


def groups(connection: sa.Connection, limit: int) -> tuple[FailureGroup, ...]:
    """The groups that failed last, at most `limit` of them, with bounded counts.

    Of more than `MOST_GROUPS` groups, those are shown that come first by kind.
    """
    found = _newest_groups(connection, min(limit, LARGEST_PAGE))
    if not found:
        return ()
    ends = _ends(connection, list(chain.from_iterable((group.oldest, group.newest) for group in found)))
    questions = [bounded(*group.of_state(state), most=_MOST_COUNTED) for group in found for state in _SHOWN]
    numbers = iter(counts(connection, questions))
    return tuple(_view(group, ends, next(numbers), next(numbers)) for group in found)


def jobs_of(
    connection: sa.Connection, kind: str, fingerprint: str, states: Sequence[State], limit: int
) -> tuple[str, ...]:
    """The ids of the jobs of a group that are in one of these states, newest first."""
    members = sa.select(jobs.c.id).where(*_members(kind, fingerprint), jobs.c.state.in_(sorted(states)))
    return tuple(connection.scalars(members.order_by(jobs.c.seq.desc()).limit(limit)))


_SHOWN = (State.DISCARDED, State.RETRYABLE)
_IN_ORDER = (jobs.c.kind, jobs.c.error_fingerprint, jobs.c.seq)


def _members(kind: str, fingerprint: str) -> list[sa.ColumnElement[bool]]:
    return [FAILING, jobs.c.kind == kind, jobs.c.error_fingerprint == fingerprint]


def _newest_groups(connection: sa.Connection, limit: int) -> list[_Group]:
    """Find each group by one leap along the index from the group before it, so the sizes of groups do not matter."""
    first = sa.select(jobs.c.seq).where(FAILING, jobs.c.error_fingerprint.is_not(None)).order_by(*_IN_ORDER).limit(1)
    leaps = sa.select(first.scalar_subquery().label("seq")).cte("leaps", recursive=True)
    head = jobs.alias("head")
    beyond = sa.tuple_(jobs.c.kind, jobs.c.error_fingerprint) > sa.tuple_(head.c.kind, head.c.error_fingerprint)
    following = sa.select(jobs.c.seq).where(FAILING, beyond).order_by(*_IN_ORDER).limit(1).correlate(head)
    leap = sa.select(following.scalar_subquery()).select_from(sa.join(leaps, head, head.c.seq == leaps.c.seq))
    leaps = leaps.union_all(leap)
    some = sa.select(leaps.c.seq).limit(MOST_GROUPS).subquery()
    newest = (
        sa.select(sa.func.max(jobs.c.seq))
        .where(FAILING, jobs.c.kind == head.c.kind, jobs.c.error_fingerprint == head.c.error_fingerprint)
        .correlate(head)
        .scalar_subquery()
        .label("newest")
    )
    found = (
        sa.select(head.c.kind, head.c.error_fingerprint, head.c.seq, newest)
        .select_from(sa.join(some, head, head.c.seq == some.c.seq))
        .order_by(sa.desc("newest"))
        .limit(limit)
    )
    return [_Group(*row) for row in connection.execute(found)]


def _ends(connection: sa.Connection, seqs: Sequence[int]) -> Mapping[int, sa.RowMapping]:
    """The oldest and newest jobs of groups."""
    seen_at = sa.func.coalesce(jobs.c.finished_at, jobs.c.claimed_at, jobs.c.enqueued_at).label("seen_at")
    wanted = sa.select(jobs.c.seq, jobs.c.id, jobs.c.error_code, jobs.c.error_message, seen_at)
    rows = connection.execute(wanted.where(jobs.c.seq.in_(seqs))).mappings()
    return {row["seq"]: row for row in rows}


def _view(group: _Group, ends: Mapping[int, sa.RowMapping], discarded: int, retrying: int) -> FailureGroup:
    first, last = ends[group.oldest], ends[group.newest]
    return FailureGroup(
        kind=group.kind,
        fingerprint=group.fingerprint,
        code=last["error_code"] or "",
        message=redact_text(last["error_message"] or ""),
        discarded=counted(discarded, _MOST_COUNTED),
        retrying=counted(retrying, _MOST_COUNTED),
        first_at=first["seen_at"],
        last_at=last["seen_at"],
        sample_id=last["id"],
    )
