"""The figures at a glance, for `top` and the first page of the dashboard."""

from collections.abc import Sequence

import sqlalchemy as sa

from millhand.core.clock import after
from millhand.core.state import FINAL, State
from millhand.database.tables import FINISHED, RUNNING, in_state, jobs
from millhand.ledger.inspector.counts import bounded, counted, counts
from millhand.ledger.inspector.jobs import newest
from millhand.ledger.inspector.workers import all_workers
from millhand.ledger.views import JobRow, Overview, WorkerView

_MOST_IN_A_MINUTE = 100_000
RUNNING_NOW = ([RUNNING], 50)
"""The part of all jobs that run, for `newest`."""


def overview(connection: sa.Connection, now: int, silent_since: int) -> Overview:
    """How everything stands now."""
    [running] = newest(connection, RUNNING_NOW)
    return figures(connection, now, all_workers(connection, silent_since), running)


def figures(connection: sa.Connection, now: int, workers: Sequence[WorkerView], running: Sequence[JobRow]) -> Overview:
    """The same by one statement, where the workers and what runs are known."""
    since = after(now, -60.0)
    states, final = list(State), sorted(FINAL)
    ended = [bounded(FINISHED, in_state(state), jobs.c.finished_at > since, most=_MOST_IN_A_MINUTE) for state in final]
    numbers = counts(connection, [*(bounded(in_state(state)) for state in states), *ended, _OLDEST_READY])
    lately = numbers[len(states) : -1]
    alive = [worker for worker in workers if not worker.silent]
    return Overview(
        states={state: counted(number or 0) for state, number in zip(states, numbers, strict=False)},
        last_minute={
            state: counted(number or 0, _MOST_IN_A_MINUTE) for state, number in zip(final, lately, strict=True)
        },
        oldest_ready=numbers[-1],
        workers=len(alive),
        slots=sum(worker.slots for worker in alive),
        running=tuple(running),
    )


# The first job stored is the one that waits longest, save for one that was delayed or tried again.
_OLDEST_READY = (
    sa.select(jobs.c.run_at).where(in_state(State.AVAILABLE)).order_by(jobs.c.seq).limit(1).scalar_subquery()
)
