"""Jobs as their users see them: made of what was sent, or of what is stored."""

import json

from millhand.core.job import Args, ArgsT, Job, NewJob, Sent
from millhand.core.state import State
from millhand.ledger.views import JobRecord


class AnyArgs(Args, extra="allow"):
    """The arguments of a kind that this app does not know, or that no longer fit its model."""


def sent_job(job: NewJob, args: ArgsT, answer: Sent) -> Job[ArgsT]:
    """The job as it was sent: its first fields in their order, as by name they would take half as long again."""
    return Job(
        answer.id,
        job.kind,
        State.SCHEDULED if job.run_at else State.AVAILABLE,
        args,
        job.queue,
        job.tenant,
        job.priority,
        job.max_attempts,
        job.max_crashes,
        job.key,
        job.run_at or None,
        job.parent_id,
        answer.duplicate,
    )


def stored_job(record: JobRecord, args: ArgsT) -> Job[ArgsT]:
    """The job as it stands in the ledger."""
    return Job(
        id=record.id,
        kind=record.kind,
        state=record.state,
        args=args,
        queue=record.queue,
        tenant=record.tenant,
        priority=record.priority,
        failures=record.failures,
        crashes=record.crashes,
        max_attempts=record.max_attempts,
        max_crashes=record.max_crashes,
        key=record.key,
        enqueued_at=record.enqueued_at,
        run_at=record.run_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        result=None if record.result is None else json.loads(record.result),
        failure=record.failure,
        parent_id=record.parent_id,
    )
