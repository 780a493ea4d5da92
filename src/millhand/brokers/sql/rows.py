"""Between values and rows: what a job to send, a delivery and an attempt look like in the tables."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from millhand.core.failure import Failure
from millhand.core.job import Delivery
from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.database.bulk import bulk_insert
from millhand.database.tables import attempts, events, jobs

DELIVERED = (
    jobs.c.seq, jobs.c.fence, jobs.c.id, jobs.c.kind, jobs.c.args, jobs.c.queue, jobs.c.tenant, jobs.c.headers,
    jobs.c.priority, jobs.c.failures, jobs.c.crashes, jobs.c.max_attempts, jobs.c.max_crashes, jobs.c.enqueued_at,
    jobs.c.run_at, jobs.c.claimed_at, jobs.c.lease_until, jobs.c.parent_id, jobs.c.version,
)  # fmt: skip
"""What a claim reads of a job, in the order of a delivery's fields."""

_HEADERS = [column.name for column in DELIVERED].index("headers")

_RAN = ("job", "fence", "number", "worker", "executor", "available_at", "claimed_at", "started_at", "finished_at")
ADD_ATTEMPTS = bulk_insert(attempts, (*_RAN, "state", "cause", "charge", "failure"))
ADD_SUCCESSES = bulk_insert(
    attempts, _RAN, {"state": State.COMPLETED, "cause": Cause.SUCCEEDED, "charge": Charge.ATTEMPT}
)
"""Attempts that went well, as most do: a third less to hand to the database."""

ADD_EVENTS = bulk_insert(events, ("job_id", "attempt", "at", "name", "level", "text"))

_NO_HEADERS = "{}"


def delivery(row: Sequence[Any]) -> Delivery:
    """Make a delivery of a claimed row; how it is tried again is up to its kind."""
    headers = row[_HEADERS]
    told: dict[str, str] = {} if headers == _NO_HEADERS else json.loads(headers)
    return Delivery._make((*row[:_HEADERS], told, *row[_HEADERS + 1 :], None))


def failure_text(failure: Failure | None) -> str | None:
    """A failure as JSON text."""
    return None if failure is None else json.dumps(asdict(failure), ensure_ascii=False)


def notice(connection: sa.Connection, at: int, name: str, job_ids: Sequence[str], text: str = "") -> None:
    """Record of several jobs that something was done to them, outside any attempt."""
    ADD_EVENTS.run(connection, [(job_id, 0, at, name, None, text) for job_id in job_ids])
