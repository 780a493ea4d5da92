"""`/v1/jobs/retry` and `/cancel`: commands on all jobs that a filter means, each tracked as a job of its own."""

from typing import Annotated

from fastapi import Response

from millhand.app.bulk import CancelAll, RetryAll
from millhand.core.errors import NotSupported
from millhand.ledger.filters import JobFilter
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.jobs import filter_of
from millhand.web.api.models.orders import Fitting, Order, Sent
from millhand.web.api.sending import Ticket, Wait, answer, checked, made
from millhand.web.api.submit import ACCEPTED
from millhand.web.desk import Caller
from millhand.web.problems import Refused

router = resource("/v1/jobs", "jobs")
Operator = Annotated[Caller, needs(Role.OPERATOR)]
_FIRST = 1_000
"""The priority of these jobs: before those that they are about."""


@router.post("/retry", operation_id="retry_jobs", summary="Run all jobs again that fit a filter", responses=ACCEPTED)
async def retry_jobs(caller: Operator, fitting: Fitting, response: Response, wait: Wait = 0.0) -> Sent:
    """Run all settled or waiting jobs again that fit; running ones are left alone.

    A job does it, which a worker takes before others; its result says how many jobs were found and reached.
    """
    return await answer(caller, await send_bulk(caller, RetryAll.kind, fitting.filter), response, wait)


@router.post("/cancel", operation_id="cancel_jobs", summary="Cancel all jobs that fit a filter", responses=ACCEPTED)
async def cancel_jobs(caller: Operator, fitting: Fitting, response: Response, wait: Wait = 0.0) -> Sent:
    """Cancel all waiting jobs that fit, and tell the running ones to stop. A job does it, as for retry."""
    return await answer(caller, await send_bulk(caller, CancelAll.kind, fitting.filter), response, wait)


async def send_bulk(caller: Caller, kind: str, words: str) -> Ticket:
    """Send the job that acts on all jobs which fit now; raises `UsageError`, `Refused`, `NotSupported`."""
    if caller.desk.settings.broker:
        raise NotSupported(
            "jobs that wait with another broker are not acted on by filter", hint="Choose them on the page of jobs."
        )
    meant(caller, words)
    args = checked(caller, kind, {"filter": words})
    sent = await caller.control.send(made(caller, Order(kind=kind, priority=_FIRST), args))
    return Ticket(sent.id, sent.duplicate)


def meant(caller: Caller, words: str) -> JobFilter:
    """The jobs that a filter means, which must say something; raises `UsageError`, `Refused`."""
    if not words.strip():
        raise Refused(
            422,
            "the filter is empty, which means every job",
            code="empty_filter",
            hint="Write at least state:… or queue:….",
        )
    wanted = filter_of(caller, words)
    if wanted is None:
        raise Refused(403, "this key acts on one tenant's jobs, and not on that one's", code="not_for_tenants")
    return wanted
