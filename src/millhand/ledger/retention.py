"""Forget what is old: final jobs with their attempts, events and artefact rows, sums, silent workers, audit entries.

Everything goes in bounded batches, each its own short write, so that the work of the day gets in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from millhand.core.clock import MICROSECONDS, after
from millhand.core.errors import ConfigError
from millhand.core.state import FINAL, State
from millhand.database import Database
from millhand.database.tables import FINISHED, artefacts, attempts, audit, endings, events, in_state, jobs, workers
from millhand.ledger.sums import summed_until

_DAY = 86_400.0
_DEFAULT_AGES = {State.COMPLETED: 7 * _DAY, State.DISCARDED: 30 * _DAY, State.CANCELLED: 30 * _DAY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long history is kept, in seconds.

    `ages` holds final states, each with the age since a job ended; a state not named is kept for ever. `workers`
    is the age since a worker was heard of, `audit` that of audit entries, `sums` that of what ended in each minute, of
    which charts need a day. `batch` jobs are deleted at a time.
    """

    ages: Mapping[State, float] = field(default_factory=lambda: dict(_DEFAULT_AGES))
    workers: float = 3_600.0
    audit: float = 365 * _DAY
    sums: float = 90 * _DAY
    batch: int = 200

    def __post_init__(self) -> None:
        """Refuse to forget jobs that have not ended, and ages and batches that can't be meant."""
        if live := sorted(set(self.ages) - FINAL):
            raise ConfigError(f"retention is for final states; {', '.join(live)} jobs are never pruned")
        if min([self.workers, self.audit, self.sums, *self.ages.values()]) < 0 or self.batch < 1:
            raise ConfigError("retention needs ages of 0 s or more, and batches of 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What one call has deleted; with `more`, it stopped at its bound and another call would delete more."""

    jobs: int = 0
    events: int = 0
    workers: int = 0
    audit: int = 0
    sums: int = 0
    more: bool = False


async def prune(database: Database, retention: Retention, *, most_batches: int = 50) -> Pruned:
    """Delete what is older than the retention says, in at most so many batches of jobs.

    Jobs are kept until the minute that they ended in is summed.
    """
    now = database.clock.now()
    summed = await database.read(summed_until)
    deleted_jobs, deleted_events, batches = 0, 0, 0
    for state, age in retention.ages.items():
        cutoff, full = min(after(now, -age), now if summed is None else summed), True
        while full and batches < most_batches:
            batch = JobBatch(state, cutoff, retention.batch)
            of_jobs, of_events = await database.write(batch.delete)
            deleted_jobs, deleted_events, batches = deleted_jobs + of_jobs, deleted_events + of_events, batches + 1
            full = of_jobs == retention.batch
    gone = await database.write(lambda connection: _forget_workers(connection, after(now, -retention.workers)))
    old = await database.write(lambda connection: _forget_audit(connection, after(now, -retention.audit)))
    sums = await database.write(lambda connection: _forget_sums(connection, after(now, -retention.sums)))
    more = batches >= most_batches
    return Pruned(jobs=deleted_jobs, events=deleted_events, workers=gone, audit=old, sums=sums, more=more)


@dataclass(frozen=True, slots=True)
class JobBatch:
    """Jobs that ended in a state before an instant, so many at a time."""

    state: State
    cutoff: int
    size: int

    def delete(self, connection: sa.Connection) -> tuple[int, int]:
        """Delete the jobs that ended longest ago, with what belongs to them; returns how many jobs and events."""
        ended = FINISHED & in_state(self.state) & (jobs.c.finished_at < self.cutoff)
        oldest = sa.select(jobs.c.seq, jobs.c.id).where(ended).order_by(jobs.c.finished_at).limit(self.size)
        # Several workers prune, each other jobs.
        found = connection.execute(oldest.with_for_update(skip_locked=True)).all()
        if not found:
            return 0, 0
        numbers, ids = [row[0] for row in found], [row[1] for row in found]
        connection.execute(sa.delete(attempts).where(attempts.c.job.in_(numbers)))
        connection.execute(sa.delete(artefacts).where(artefacts.c.job_id.in_(ids)))
        reported = connection.execute(sa.delete(events).where(events.c.job_id.in_(ids))).rowcount
        connection.execute(sa.delete(jobs).where(jobs.c.seq.in_(numbers)))
        return len(found), reported


def _forget_workers(connection: sa.Connection, cutoff: int) -> int:
    return connection.execute(sa.delete(workers).where(workers.c.seen_at < cutoff)).rowcount


def _forget_audit(connection: sa.Connection, cutoff: int) -> int:
    oldest = sa.select(audit.c.seq).order_by(audit.c.seq).limit(1_000)
    return connection.execute(sa.delete(audit).where(audit.c.seq.in_(oldest), audit.c.at < cutoff)).rowcount


def _forget_sums(connection: sa.Connection, cutoff: int) -> int:
    """Delete the sums of a day at most of each state: more wait only where the age was lowered."""
    oldest = sa.select(sa.func.min(endings.c.minute)).where(endings.c.state == sa.bindparam("of")).scalar_subquery()
    found = (endings.c.state == sa.bindparam("of"), endings.c.minute < cutoff, endings.c.minute < oldest + _A_DAYS_SUMS)
    return sum(connection.execute(sa.delete(endings).where(*found), {"of": state}).rowcount for state in sorted(FINAL))


_A_DAYS_SUMS = round(_DAY) * MICROSECONDS
