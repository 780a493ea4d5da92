"""Between values and rows: what a job to send, a delivery and an attempt look like in the tables."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from millhand.core.failure import Failure
from millhand.core.job import Delivery
from millhand.database.bulk import bulk_insert
from millhand.database.tables import attempts, events, jobs

DELIVERED = (
    jobs.c.seq, jobs.c.fence, jobs.c.id, jobs.c.kind, jobs.c.args, jobs.c.queue, jobs.c.tenant, jobs.c.headers,
    jobs.c.priority, jobs.c.failures, jobs.c.crashes, jobs.c.max_attempts, jobs.c.max_crashes, jobs.c.enqueued_at,
    jobs.c.run_at, jobs.c.parent_id, jobs.c.version,
)  # fmt: skip
"""What a claim reads of a job, in the order that `delivery` takes it."""

ADD_ATTEMPTS = bulk_insert(
    attempts,
    (
        "job", "fence", "number", "worker", "executor", "available_at", "claimed_at", "started_at", "finished_at",
        "state", "cause", "charge", "failure",
    ),
)  # fmt: skip

ADD_EVENTS = bulk_insert(events, ("job_id", "attempt", "at", "name", "level", "text"))

_NO_HEADERS = "{}"


def delivery(row: Sequence[Any], claimed_at: int, lease_until: int) -> Delivery:
    """Make a delivery of a claimed row."""
    (
        seq, fence, job_id, kind, args, queue, tenant, headers, priority, failures, crashes, max_attempts, max_crashes,
        enqueued_at, run_at, parent_id, version,
    ) = row  # fmt: skip
    return Delivery(
        receipt=seq,
        fence=fence,
        job_id=job_id,
        kind=kind,
        args=args,
        queue=queue,
        tenant=tenant,
        headers={} if headers == _NO_HEADERS else json.loads(headers),
        priority=priority,
        failures=failures,
        crashes=crashes,
        max_attempts=max_attempts,
        max_crashes=max_crashes,
        enqueued_at=enqueued_at,
        available_at=run_at,
        claimed_at=claimed_at,
        lease_until=lease_until,
        parent_id=parent_id,
        version=version,
    )


def failure_text(failure: Failure | None) -> str | None:
    """A failure as JSON text."""
    return None if failure is None else json.dumps(asdict(failure), ensure_ascii=False)


def notice(connection: sa.Connection, at: int, name: str, job_ids: Sequence[str], text: str = "") -> None:
    """Record of several jobs that something was done to them, outside any attempt."""
    ADD_EVENTS.run(connection, [(job_id, 0, at, name, None, text) for job_id in job_ids])
