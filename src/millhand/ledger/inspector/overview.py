"""The figures at a glance, for `top` and the first page of the dashboard."""

import sqlalchemy as sa

from millhand.core.clock import after
from millhand.core.state import FINAL, State
from millhand.database.tables import FINISHED, RUNNING, in_state, jobs
from millhand.ledger.inspector.counts import bounded, counted, counts
from millhand.ledger.inspector.jobs import tally
from millhand.ledger.inspector.rows import JOB_ROW, job_row
from millhand.ledger.inspector.workers import all_workers
from millhand.ledger.views import Count, JobRow, Overview

_MOST_IN_A_MINUTE = 100_000
_MOST_RUNNING = 50


def overview(connection: sa.Connection, now: int, silent_since: int) -> Overview:
    """How everything stands now."""
    alive = [worker for worker in all_workers(connection, silent_since) if not worker.silent]
    return Overview(
        states=tally(connection),
        last_minute=_last_minute(connection, now),
        oldest_ready=connection.scalar(_OLDEST_READY),
        workers=len(alive),
        slots=sum(worker.slots for worker in alive),
        running=_running(connection),
    )


# The first job stored is the one that waits longest, save for one that was delayed or tried again.
_OLDEST_READY = sa.select(jobs.c.run_at).where(in_state(State.AVAILABLE)).order_by(jobs.c.seq).limit(1)


def _last_minute(connection: sa.Connection, now: int) -> dict[State, Count]:
    since = after(now, -60.0)
    states = sorted(FINAL)
    ended = [bounded(FINISHED, in_state(state), jobs.c.finished_at > since, most=_MOST_IN_A_MINUTE) for state in states]
    numbers = counts(connection, ended)
    return {state: counted(number, _MOST_IN_A_MINUTE) for state, number in zip(states, numbers, strict=True)}


def _running(connection: sa.Connection) -> tuple[JobRow, ...]:
    newest = sa.select(*JOB_ROW).where(RUNNING).order_by(jobs.c.seq.desc()).limit(_MOST_RUNNING)
    return tuple(job_row(row) for row in connection.execute(newest).mappings())
