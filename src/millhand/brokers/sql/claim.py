"""Lease ready jobs in one transaction: make due ones ready, serve queues and lanes fairly, keep limits exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from millhand.brokers.sql import lanes, queues
from millhand.brokers.sql.choose import Choice, Chooser
from millhand.brokers.sql.rows import DELIVERED, delivery
from millhand.core.job import Delivery
from millhand.core.state import State
from millhand.database.numbers import among, listed, numbers
from millhand.database.prepared import Prepared
from millhand.database.tables import READY, RUNNING, by_index, by_number, is_in, jobs

_SEQ = [column.name for column in DELIVERED].index("seq")
_PRIORITY = [column.name for column in DELIVERED].index("priority")

# A fence is the instant of its claim: a counter would give it out again if a failover or a crash undid the first claim.
_now = sa.bindparam("now", type_=sa.BigInteger)
_new_fence = sa.case((jobs.c.fence < _now, _now), else_=jobs.c.fence + 1)
_new_lease: dict[Any, Any] = {
    jobs.c.state: State.RUNNING.value,
    jobs.c.fence: _new_fence,
    jobs.c.worker: sa.bindparam("worker"),
    jobs.c.claimed_at: _now,
    jobs.c.lease_until: sa.bindparam("until"),
    jobs.c.progress: None,
    jobs.c.progress_text: None,
}


def _claim(chosen: sa.Select[int]) -> Prepared:
    seqs = chosen.with_for_update(of=jobs, skip_locked=True).cte("chosen")
    claimed = sa.update(jobs).where(jobs.c.seq.in_(sa.select(seqs.c.seq))).values(_new_lease)
    return Prepared(claimed.returning(*DELIVERED))


def _single_lane(queue: sa.ColumnElement[str]) -> sa.Select[int]:
    """The next jobs of a queue whose ready ones are all in one lane; else none."""
    return (
        by_index(sa.select(jobs.c.seq), "jobs_ready")
        .where(READY, jobs.c.queue == queue)
        # In the full order of the index: by age alone, PostgreSQL might read the jobs of other queues as well.
        .order_by(jobs.c.priority.desc(), jobs.c.tenant, jobs.c.limit_key, jobs.c.seq)
        # As a condition of the jobs, SQLite would ask it of each of them.
        .limit(sa.case((lanes.is_single(queue), sa.bindparam("most", type_=sa.Integer)), else_=0))
    )


_CLAIM_FROM_SINGLE_LANE = _claim(_single_lane(sa.bindparam("queue", type_=sa.Text)))
_CLAIM_AT_ONCE = _claim(_single_lane(queues.only_ready()))
_CLAIM_THESE = _claim(by_number(sa.select(jobs.c.seq)).where(among(jobs.c.seq, "seqs"), is_in(State.AVAILABLE)))
# For PostgreSQL, where somebody else may be claiming them: the first ones that nobody has locked.
_wanted = listed("seqs", "wanted")
_CLAIM_SOME = _claim(
    sa.select(jobs.c.seq)
    .join_from(jobs, _wanted, jobs.c.seq == _wanted.c.number)
    .where(is_in(State.AVAILABLE))
    .order_by(_wanted.c.place)
    .limit(sa.bindparam("most"))
)

_UNCLAIM = (
    sa.update(jobs)
    .where(jobs.c.seq == sa.bindparam("in_seq"), jobs.c.fence == sa.bindparam("in_fence"), is_in(State.RUNNING))
    .values(state=State.AVAILABLE.value, worker=None, lease_until=None)
)
_GIVE_BACK = (
    sa.update(jobs)
    .where(RUNNING, jobs.c.worker == sa.bindparam("of_worker"), among(jobs.c.claimed_at, "instants"))
    .values(state=State.AVAILABLE.value, worker=None, lease_until=None)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a look at the queues gave. `next_due` is the instant of the next delayed job, or None.

    `crowded` says that other workers were claiming at the same time: a look a moment later may give more.
    """

    deliveries: list[Delivery]
    next_due: int | None
    crowded: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The terms on which jobs are leased: to whom, from which instant to which."""

    worker: str
    now: int
    until: int

    def values(self) -> dict[str, object]:
        """As parameters of a statement."""
        return {"worker": self.worker, "now": self.now, "until": self.until}


@dataclass(slots=True)
class _Got:
    """The rows that a claim has found so far."""

    rows: list[Sequence[Any]] = field(default_factory=list[Sequence[Any]])
    crowded: bool = False

    def take(self, rows: Sequence[Sequence[Any]], *, crowded: bool) -> None:
        """Add rows; `crowded` if others seem to have been quicker with some."""
        self.rows += rows
        self.crowded |= crowded


class Claimer:
    """Chooses and leases jobs. It keeps in mind whose turn it is; each worker does so for itself."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._chooser = Chooser()
        self._claims = 0
        self.simple = True
        """Whether `claim_at_once` may find something: the last look found no limits, and no choice among many."""

    def claim(self, connection: sa.Connection, limit: int, lease: Lease) -> Claim:
        """Lease up to `limit` jobs."""
        found = queues.open_queues(connection, self._names, lease.now)
        got = _Got()
        waiting = self._in_turn([queue for queue in found if queue.ready])
        # Equal shares first; what the short queues leave over goes to the others in a second round.
        for served, queue in enumerate(waiting):
            share = -(-(limit - len(got.rows)) // (len(waiting) - served))
            self._claim_from(connection, queue, share, lease, got)
        for queue in waiting if len(waiting) > 1 else ():
            self._claim_from(connection, queue, limit - len(got.rows), lease, got)
        self.simple = not got.rows and not any(queue.limited for queue in found)
        next_due = min((queue.next_due for queue in found if queue.next_due is not None), default=None)
        return Claim([delivery(row) for row in got.rows], next_due, got.crowded)

    def claim_at_once(self, connection: sa.Connection, limit: int, lease: Lease) -> Claim:
        """The same in a single statement, on PostgreSQL; none if there is anything to choose or to count, or due."""
        names = list(self._names) or None
        rows = _CLAIM_AT_ONCE.rows(connection, names=names, most=limit, **lease.values())
        return Claim([delivery(row) for row in sorted(rows, key=_by_priority_and_age)], None, crowded=False)

    def _in_turn(self, waiting: Sequence[queues.Queue]) -> list[queues.Queue]:
        if not waiting:
            return []
        self._claims += 1
        first = self._claims % len(waiting)
        return [*waiting[first:], *waiting[:first]]

    def _claim_from(self, connection: sa.Connection, queue: queues.Queue, limit: int, lease: Lease, got: _Got) -> None:
        if limit <= 0:
            return
        if queue.limited:
            self._claim_within_limits(connection, queue, limit, lease, got)
            return
        rows = _claim_from_single_lane(connection, queue.name, limit, lease)
        if not rows:
            rows = _claim_some(connection, self._chooser.choose(connection, queue, limit), lease)
        got.take(rows, crowded=not rows)

    def _claim_within_limits(
        self, connection: sa.Connection, queue: queues.Queue, limit: int, lease: Lease, got: _Got
    ) -> None:
        """What runs is counted and added to by one worker at a time."""
        locked = queues.alone(connection, queue)
        if locked is None:
            got.crowded = True
            return
        choice = self._chooser.choose(connection, locked, limit)
        rows = _claim_these(connection, choice.seqs, lease)
        got.take(rows, crowded=len(rows) < len(choice.seqs))


def unclaim(connection: sa.Connection, deliveries: Sequence[Delivery]) -> None:
    """Put back jobs that were leased for a caller who went away, as if they had not been."""
    for each in deliveries:
        connection.execute(_UNCLAIM, {"in_seq": each.receipt, "in_fence": each.fence})


def give_back(connection: sa.Connection, worker: str, instants: Sequence[int]) -> None:
    """Put back what a worker may have leased at these instants without being told: the answer was lost."""
    connection.execute(_GIVE_BACK, {"of_worker": worker, "instants": numbers(instants)})


def _claim_from_single_lane(connection: sa.Connection, queue: str, limit: int, lease: Lease) -> list[Sequence[Any]]:
    rows = _CLAIM_FROM_SINGLE_LANE.rows(connection, queue=queue, most=limit, **lease.values())
    return sorted(rows, key=_by_priority_and_age)


def _claim_these(connection: sa.Connection, seqs: Sequence[int], lease: Lease) -> list[Sequence[Any]]:
    if not seqs:
        return []
    rows = _CLAIM_THESE.rows(connection, seqs=numbers(seqs), **lease.values())
    return sorted(rows, key=_by_priority_and_age)


def _claim_some(connection: sa.Connection, choice: Choice, lease: Lease) -> list[Sequence[Any]]:
    if connection.dialect.name == "sqlite" or not choice.seqs:
        return _claim_these(connection, choice.seqs, lease)
    wanted = numbers([*choice.seqs, *choice.spare])
    rows = _CLAIM_SOME.rows(connection, seqs=wanted, most=len(choice.seqs), **lease.values())
    return sorted(rows, key=_by_priority_and_age)


def _by_priority_and_age(row: Sequence[Any]) -> tuple[int, int]:
    return -row[_PRIORITY], row[_SEQ]
