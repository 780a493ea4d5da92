"""Offer again the jobs whose lease has run out: their worker died or lost touch."""

from typing import Any

import sqlalchemy as sa

from millhand.brokers.sql.rows import ADD_ATTEMPTS, failure_text
from millhand.core.failure import failure
from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.database.bulk import bulk_update
from millhand.database.tables import RUNNING, by_index, jobs

AT_ONCE = 200
"""How many jobs one transaction rescues."""

_READ = (
    jobs.c.seq, jobs.c.fence, jobs.c.worker, jobs.c.failures, jobs.c.crashes, jobs.c.max_crashes,
    jobs.c.run_at, jobs.c.claimed_at, jobs.c.started_at, jobs.c.lease_until, jobs.c.cancel_at,
)  # fmt: skip
_EXPIRED = (
    by_index(sa.select(*_READ), "jobs_running")
    .where(RUNNING, jobs.c.lease_until < sa.bindparam("now"))
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)

_CHANGED = ("state", "run_at", "finished_at", "error_code", "error_message", "error_fingerprint")
_TAKE_BACK = bulk_update(
    jobs.c.seq,
    {name: jobs.c[name] for name in _CHANGED},
    lambda given: {
        **{name: given[name] for name in _CHANGED},
        "crashes": jobs.c.crashes + sa.literal_column("1"),
        "worker": sa.null(),
        "lease_until": sa.null(),
    },
)

_EXPLANATION = failure(
    "lease_expired",
    "the worker stopped renewing its lease: it died, was cut off, or stood still for too long",
)


def rescue_some(connection: sa.Connection, now: int) -> int:
    """Take back up to `AT_ONCE` jobs, each charged with a crash; those at their cap are discarded."""
    expired = connection.execute(_EXPIRED, {"now": now}).all()
    _TAKE_BACK.run(connection, [_changes(row, now) for row in expired])
    ADD_ATTEMPTS.run(connection, [_attempt(row, now) for row in expired])
    return len(expired)


def _target(row: sa.Row[*tuple[Any, ...]]) -> State:
    if row.cancel_at is not None:
        return State.CANCELLED
    return State.DISCARDED if row.crashes + 1 >= row.max_crashes else State.AVAILABLE


def _changes(row: sa.Row[*tuple[Any, ...]], now: int) -> tuple[Any, ...]:
    state = _target(row)
    again = state is State.AVAILABLE
    return (
        state.value,
        now if again else row.run_at,
        None if again else now,
        _EXPLANATION.code,
        _EXPLANATION.message,
        _EXPLANATION.fingerprint,
        row.seq,
    )


def _attempt(row: sa.Row[*tuple[Any, ...]], now: int) -> tuple[Any, ...]:
    begun = row.started_at is not None and row.started_at >= row.claimed_at
    return (
        row.seq,
        row.fence,
        row.failures + row.crashes + 1,
        row.worker,
        "",
        row.run_at,
        row.claimed_at,
        row.started_at if begun else None,
        now,
        _target(row).value,
        Cause.LEASE_EXPIRED.value,
        Charge.CRASH.value,
        failure_text(_EXPLANATION),
    )
