"""`/v1/jobs/{id}/retry` and `/cancel`: commands on a job."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import Body, Response

from millhand.core.ports import CancelResult
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.models.orders import Again, Cancelled, Order, Sent
from millhand.web.api.parameters import JobId
from millhand.web.api.sending import Ticket, answer, checked, made
from millhand.web.api.submit import ACCEPTED
from millhand.web.desk import Caller
from millhand.web.problems import Refused
from millhand.web.uploads import Folder

router = resource("/v1/jobs", "jobs")
Operator = Annotated[Caller, needs(Role.OPERATOR)]


@router.post("/{job_id}/retry", operation_id="retry_job", summary="Run a job again", responses=ACCEPTED)
async def retry_job(
    caller: Operator, job_id: JobId, response: Response, again: Annotated[Again | None, Body()] = None
) -> Sent:
    """Run a settled or waiting job again now, uncharged; with changed `args`, as a new job.

    A new job names the old one as its parent.
    """
    record = await caller.record(job_id)
    if again is not None and again.args is not None:
        values = merged(json.loads(record.args), again.args)
        if caller.principal.tenant is not None:
            Folder(caller.desk.app, record.tenant).check(again.args)
        order = Order(kind=record.kind, queue=record.queue, tenant=record.tenant, priority=record.priority)
        job = made(caller, order, checked(caller, record.kind, values), parent_id=job_id)
        sent = await caller.control.repeat_changed(job_id, job)
        return await answer(caller, Ticket(sent.id, sent.duplicate), response, 0.0)
    if not await caller.control.retry([job_id]):
        raise Refused(409, "the job runs", code="too_late", hint="Only jobs that are settled or wait can run again.")
    return await answer(caller, Ticket(job_id, duplicate=False), response, 0.0)


@router.post("/{job_id}/cancel", operation_id="cancel_job", summary="Cancel a job")
async def cancel_job(caller: Operator, job_id: JobId) -> Cancelled:
    """Cancel a waiting job at once; a running one is told to stop within about a second."""
    await caller.record(job_id)
    result = await caller.control.cancel(job_id)
    if result is CancelResult.TOO_LATE:
        raise Refused(409, "the job has ended", code="too_late", hint="What is settled already can't be cancelled.")
    return Cancelled(id=job_id, became="cancelled" if result is CancelResult.CANCELLED else "requested")


def merged(target: object, patch: object) -> Any:  # noqa: ANN401 - any JSON value
    """What a JSON merge patch makes of a value (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    kept: dict[str, Any] = dict(cast("Mapping[str, Any]", target)) if isinstance(target, Mapping) else {}
    for name, value in cast("Mapping[str, Any]", patch).items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = merged(kept.get(name), value)
    return kept
