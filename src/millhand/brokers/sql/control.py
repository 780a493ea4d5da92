"""Commands of people: cancel and retry jobs; pause, resume, limit and purge queues."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.sql.dml import ReturningUpdate

from millhand.brokers.sql.rows import notice
from millhand.brokers.sql.send import add_queues
from millhand.core.failure import Failure, failure
from millhand.core.fairness import Caps
from millhand.core.ports import CancelResult
from millhand.core.state import FINAL, WAITING, Cause, State, allowed
from millhand.database.tables import DUE, LIVE_KEY, OURS, READY, by_index, jobs, queues

AT_ONCE = 500
"""How many jobs one transaction purges or retries."""

_FIND = sa.select(jobs.c.seq, jobs.c.state).where(OURS, jobs.c.id == sa.bindparam("job_id")).with_for_update()
_ASK_TO_STOP = (
    sa.update(jobs)
    .where(jobs.c.seq == sa.bindparam("in_seq"))
    .values(cancel_at=sa.func.coalesce(jobs.c.cancel_at, sa.bindparam("now")))
)


def _cancelled(reason: Failure) -> dict[str, Any]:
    return {
        "state": State.CANCELLED.value,
        "cancel_at": sa.bindparam("now"),
        "finished_at": sa.bindparam("now"),
        "error_code": reason.code,
        "error_message": reason.message,
        "error_fingerprint": reason.fingerprint,
    }


_CANCEL = (
    sa.update(jobs)
    .where(jobs.c.seq == sa.bindparam("in_seq"))
    .values(_cancelled(failure("cancelled", "cancelled before it ran")))
)


def _purge(waiting: sa.ColumnElement[bool], index: str) -> ReturningUpdate[int]:
    some = (
        by_index(sa.select(jobs.c.seq), index)
        .where(waiting, jobs.c.queue == sa.bindparam("in_queue"))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("some")
    )
    reason = failure("purged", "its queue was purged")
    purge = sa.update(jobs).where(jobs.c.seq.in_(sa.select(some.c.seq))).values(_cancelled(reason))
    return purge.returning(jobs.c.seq)


_PURGE_READY = _purge(READY, "jobs_ready")
_PURGE_DUE = _purge(DUE & OURS, "jobs_due")

_CANDIDATES = (
    sa.select(jobs.c.seq, jobs.c.id, jobs.c.state, jobs.c.kind, jobs.c.key)
    .where(OURS, jobs.c.id.in_(sa.bindparam("ids", expanding=True)))
    .with_for_update()
)
_KEY_HOLDER = by_index(sa.select(jobs.c.seq), "jobs_live_key").where(
    LIVE_KEY, jobs.c.kind == sa.bindparam("kind"), jobs.c.key == sa.bindparam("key")
)
_RUN_AGAIN = (
    sa.update(jobs)
    .where(jobs.c.seq == sa.bindparam("in_seq"))
    .values(
        state=State.AVAILABLE.value,
        run_at=sa.bindparam("now"),
        failures=0,
        crashes=0,
        started_at=None,
        finished_at=None,
        cancel_at=None,
        progress=None,
        progress_text=None,
        result=None,
        error_code=None,
        error_message=None,
        error_fingerprint=None,
    )
)

_SET_PAUSE = (
    sa.update(queues).where(queues.c.name == sa.bindparam("in_queue")).values(paused_at=sa.bindparam("paused_at"))
)
_SET_CAPS = (
    sa.update(queues)
    .where(queues.c.name == sa.bindparam("in_queue"))
    .values({name: sa.bindparam(name) for name in ("max_running", "max_per_tenant", "max_per_limit_key")})
)


def cancel(connection: sa.Connection, job_id: str, now: int) -> CancelResult:
    """Cancel a waiting job; ask for the end of a running one."""
    row = connection.execute(_FIND, {"job_id": job_id}).one_or_none()
    if row is None:
        return CancelResult.UNKNOWN
    state = State(row.state)
    if state in FINAL:
        return CancelResult.TOO_LATE
    if state in WAITING:
        connection.execute(_CANCEL, {"in_seq": row.seq, "now": now})
        notice(connection, now, "cancelled", [job_id])
        return CancelResult.CANCELLED
    connection.execute(_ASK_TO_STOP, {"in_seq": row.seq, "now": now})
    notice(connection, now, "cancel requested", [job_id])
    return CancelResult.REQUESTED


def retry(connection: sa.Connection, job_ids: Sequence[str], now: int) -> list[str]:
    """Make jobs ready to run now, with nothing charged.

    Left out are those that run or are ready already, and those whose key another live job holds.
    """
    applied: list[str] = []
    for ids in _chunks(job_ids):
        found = sorted(connection.execute(_CANDIDATES, {"ids": ids}), key=lambda row: row.seq)
        ready = [row for row in found if allowed_by_hand(State(row.state)) and _run_again(connection, row, now)]
        applied += [row.id for row in ready]
    notice(connection, now, Cause.RETRIED.value, applied)
    return applied


def pause(connection: sa.Connection, queue: str, now: int | None) -> None:
    """Pause a queue from an instant on, or resume it with None."""
    add_queues(connection, [queue])
    connection.execute(_SET_PAUSE, {"in_queue": queue, "paused_at": now})


def set_caps(connection: sa.Connection, queue: str, caps: Caps) -> None:
    """Set the limits of a queue."""
    add_queues(connection, [queue])
    limits = {"max_running": caps.queue, "max_per_tenant": caps.tenant, "max_per_limit_key": caps.limit_key}
    connection.execute(_SET_CAPS, {"in_queue": queue, **limits})


def purge_some(connection: sa.Connection, queue: str, now: int) -> int:
    """Cancel waiting jobs of a queue, up to `AT_ONCE` ready ones and as many delayed ones."""
    return sum(
        len(connection.execute(statement, {"in_queue": queue, "now": now}).all())
        for statement in (_PURGE_READY, _PURGE_DUE)
    )


def allowed_by_hand(state: State) -> bool:
    """Whether a job in this state can be made ready by hand."""
    return state is not State.RUNNING and allowed(state, State.AVAILABLE)


def _run_again(connection: sa.Connection, row: sa.Row[*tuple[Any, ...]], now: int) -> bool:
    """Make a job ready, unless it would break a key that another job has taken since its end."""
    values = {"in_seq": row.seq, "now": now}
    if row.key is None or State(row.state) not in FINAL:
        connection.execute(_RUN_AGAIN, values)
        return True
    if connection.scalar(_KEY_HOLDER, {"kind": row.kind, "key": row.key}) is not None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(_RUN_AGAIN, values)
    except exc.IntegrityError:  # somebody took it at this moment
        return False
    return True


def _chunks(job_ids: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(job_ids)
    while some := list(islice(remaining, AT_ONCE)):
        yield some
