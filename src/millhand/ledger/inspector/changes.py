"""What has changed since the last look, by name: bounded reads that cost the same however large the ledger is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from millhand.core.clock import after
from millhand.core.state import FINAL
from millhand.database.tables import FINISHED, RUNNING, events, in_state, jobs, queues, schedules, workers

_MOST = 500
_LOOK_BACK = 5.0
"""Seconds: a job may show as ended so long after the moment that is noted as its end."""

_SMALL: Sequence[tuple[str, sa.Select[*tuple[object, ...]]]] = (
    ("queues", sa.select(queues).order_by(queues.c.name)),
    ("schedules", sa.select(schedules.c.name, schedules.c.enabled, schedules.c.next_at).order_by(schedules.c.name)),
    ("workers", sa.select(workers.c.id, workers.c.state, workers.c.wish).order_by(workers.c.id)),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How everything stood at a look, as far as it takes to tell what is different at the next one."""

    job: int = 0
    event: int = 0
    running: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    small: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The ids of jobs that changed, which other things did, and the mark for the next look.

    With `more`, there were too many jobs to name them all.
    """

    mark: Mark
    jobs: frozenset[str] = field(default_factory=frozenset[str])
    others: frozenset[str] = field(default_factory=frozenset[str])
    more: bool = False


def look(connection: sa.Connection, since: Mark | None, now: int) -> Changes:
    """What changed since that mark; without one, nothing has, and the mark is what counts."""
    running, ended = _at_work(connection, after(now, -_LOOK_BACK))
    small = tuple(hash(tuple(map(tuple, connection.execute(statement)))) for _, statement in _SMALL)
    if since is None:
        job, event = (connection.scalar(sa.select(sa.func.max(table.c.seq))) or 0 for table in (jobs, events))
        return Changes(Mark(job, event, running, ended, small))
    new = connection.execute(
        sa.select(jobs.c.seq, jobs.c.id).where(jobs.c.seq > since.job).order_by(jobs.c.seq.desc()).limit(_MOST)
    ).all()
    told = connection.execute(
        sa.select(events.c.seq, events.c.job_id)
        .where(events.c.seq > since.event)
        .order_by(events.c.seq.desc())
        .limit(_MOST)
    ).all()
    mark = Mark(new[0][0] if new else since.job, told[0][0] if told else since.event, running, ended, small)
    changed = {row[1] for row in (*new, *told)} | (running ^ since.running) | (ended - since.ended)
    others = {name for (name, _), one, other in zip(_SMALL, small, since.small, strict=True) if one != other}
    full = max(len(new), len(told), len(running), len(ended)) >= _MOST
    return Changes(mark, frozenset(changed), frozenset(others), more=full)


def _at_work(connection: sa.Connection, since: int) -> tuple[frozenset[str], frozenset[str]]:
    """The jobs that run, and those that ended lately, by one statement; each part of it goes along one index."""
    lately = [FINISHED & in_state(state) & (jobs.c.finished_at > since) for state in sorted(FINAL)]
    parts = [sa.select(jobs.c.id, sa.false().label("ended")).where(RUNNING).limit(_MOST)]
    parts += [
        sa.select(jobs.c.id, sa.true().label("ended")).where(one).order_by(jobs.c.finished_at.desc()).limit(_MOST)
        for one in lately
    ]
    both = sa.union_all(*(sa.select(part.subquery()) for part in parts))
    found = connection.execute(both).all()
    return frozenset(row.id for row in found if not row.ended), frozenset(row.id for row in found if row.ended)
