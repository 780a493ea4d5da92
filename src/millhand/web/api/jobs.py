"""`/v1/jobs`: which jobs there are, and everything about each."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query

from millhand.core.errors import UsageError
from millhand.ledger.filters import FIELDS, JobFilter, parse
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.models.base import Items, Page
from millhand.web.api.models.jobs import Artefact, Attempt, Detail, Event, Job
from millhand.web.api.parameters import NO_NUL, After, Cursor, JobId, Limit
from millhand.web.desk import Caller

router = resource("/v1/jobs", "jobs")
Viewer = Annotated[Caller, needs(Role.VIEWER)]
_LARGEST_INSTANT = 2**62
_FILTER = "Words with a field before a colon; others are searched in the error's text. " + "; ".join(
    f"`{name}:` {meaning}" for name, meaning in FIELDS.items()
)
Filter = Annotated[
    str,
    Query(
        alias="filter",
        max_length=2_000,
        pattern=NO_NUL,
        description=_FILTER,
        examples=["state:discarded since:2h"],
    ),
]


@router.get("", operation_id="list_jobs", summary="List jobs, the newest first")
async def list_jobs(caller: Viewer, words: Filter = "", cursor: Cursor = None, limit: Limit = 50) -> Page[Job]:
    """List the jobs that a filter means, page by page.

    A search looks at a bounded number of jobs at a time, so a page may hold fewer than were asked for, even none, and
    still have a next one.
    """
    wanted = filter_of(caller, words)
    if wanted is None:
        return Page(items=[], next=None)
    page = await caller.inspector.jobs(wanted, before=cursor, limit=limit)
    return Page(items=[Job.model_validate(row) for row in page.rows], next=str(page.next) if page.next else None)


@router.get("/{job_id}", operation_id="show_job", summary="Show a job")
async def show_job(caller: Viewer, job_id: JobId) -> Detail:
    """Everything about one job: arguments, attempts, artefacts, timeline, and why it waits."""
    return Detail.of(await caller.detail(job_id))


@router.get("/{job_id}/attempts", operation_id="list_attempts", summary="List a job's finished runs")
async def list_attempts(caller: Viewer, job_id: JobId) -> Items[Attempt]:
    """The runs that have ended, oldest first."""
    found = await caller.detail(job_id)
    return Items(items=[Attempt.model_validate(attempt) for attempt in found.attempts])


@router.get("/{job_id}/events", operation_id="list_events", summary="List what a job reported")
async def list_events(caller: Viewer, job_id: JobId, after: After = 0, limit: Limit = 500) -> Items[Event]:
    """Log lines, progress, and what was done to the job, oldest first."""
    await caller.record(job_id)
    found = await caller.inspector.events_since(job_id, after, limit=limit)
    return Items(items=[Event.model_validate(event) for event in found])


@router.get("/{job_id}/artefacts", operation_id="list_artefacts", summary="List what a job produced")
async def list_artefacts(caller: Viewer, job_id: JobId) -> Items[Artefact]:
    """The files that the job produced, oldest first."""
    found = await caller.detail(job_id)
    return Items(items=[Artefact.model_validate(artefact) for artefact in found.artefacts])


def filter_of(caller: Caller, words: str) -> JobFilter | None:
    """The jobs that are meant and that the caller may see; None if those are none. Raises `UsageError`."""
    wanted = parse(words, caller.desk.app.clock.now())
    if any(abs(instant or 0) > _LARGEST_INSTANT for instant in (wanted.since, wanted.until)):
        raise UsageError("no clock reaches that time", hint="Write 30s, 15m, 2h, 7d, or 2026-01-31T18:00.")
    if caller.principal.tenant is None:
        return wanted
    return (
        replace(wanted, tenant=caller.principal.tenant)
        if caller.sees(wanted.tenant or caller.principal.tenant)
        else None
    )
