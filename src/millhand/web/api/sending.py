"""Sending jobs for callers: checked arguments, once for each `Idempotency-Key`, with an answer that may wait."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Header, Query, Response
from pydantic import ValidationError

from millhand.app.bulk import SENT_BY
from millhand.core.errors import InvalidArgs, WaitTimeout
from millhand.core.failure import Failure as JobFailure
from millhand.core.job import DEFAULT_TENANT, Args, NewJob
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.problems import problems
from millhand.core.redact import redact_text
from millhand.core.state import FINAL
from millhand.ledger.requests import Requests
from millhand.telemetry.tracing import send_span
from millhand.web.api.models.jobs import Failure
from millhand.web.api.models.orders import Order, Sent
from millhand.web.desk import Caller
from millhand.web.problems import Refused

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any text: a request that is repeated with it within a day makes no second job.",
    ),
]
Wait = Annotated[
    float, Query(ge=0, le=86_400, description="Wait so many seconds, as far as the server allows, for the job to end.")
]
_ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job that was sent; `duplicate` if it was there before."""

    id: str
    duplicate: bool


def tenant_of(caller: Caller, wanted: str | None) -> str:
    """On whose behalf a job is to be sent; raises `Refused`."""
    own = caller.principal.tenant
    if own is not None and wanted not in (None, own):
        raise Refused(403, "this key sends jobs for one tenant, and not for that one", code="not_for_tenants")
    return (wanted or DEFAULT_TENANT) if own is None else own


def checked(caller: Caller, kind: str, values: Mapping[str, Any]) -> Args:
    """The arguments of a kind; raises `NotFound` for an unknown kind, and `InvalidArgs`."""
    model = caller.desk.app.registry.get(kind).args
    try:
        return model.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        raise InvalidArgs(
            f"arguments of {kind}: {problems(error, model)}", hint=f"/v1/kinds/{kind} has their schema."
        ) from None


def made(caller: Caller, order: Order, args: Args, parent_id: str | None = None) -> NewJob:
    """The job that is ordered."""
    app = caller.desk.app
    with send_span(queue=order.queue or type(args).queue, kind=order.kind, count=1) as headers:
        options = SendOptions(
            queue=order.queue,
            tenant=tenant_of(caller, order.tenant),
            delay=order.delay,
            priority=order.priority,
            key=order.key,
            limit_key=order.limit_key,
            parent_id=parent_id,
            headers={**headers, SENT_BY: caller.actor},
        )
        return JobMaker(app.registry, app.clock).make(args, options)


async def send(caller: Caller, job: NewJob, key: str | None, asked: object) -> Ticket:
    """Send a job, once for each idempotency key; `asked` is what a repeated request must ask for again.

    Raises `Refused` (422) for a key that stands for another request.
    """
    if key is None:
        sent = await caller.control.send(job)
        return Ticket(sent.id, sent.duplicate)
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    claim = await Requests(caller.desk.backend.database).claim(caller.actor, key, digest, job.id)
    if claim.digest != digest:
        raise Refused(
            422,
            "this Idempotency-Key stands for another request",
            code="key_reused",
            hint="Use a new key for a new request.",
        )
    sent = await caller.control.send(job._replace(id=claim.job_id))
    return Ticket(sent.id, sent.duplicate or claim.job_id != job.id)


async def answer(caller: Caller, ticket: Ticket, response: Response, wait: float) -> Sent:
    """How the job stands, once it has ended or the caller has waited long enough; else 202."""
    app = caller.desk.app
    job = await app.job(ticket.id)
    if not caller.sees(job.tenant):
        raise Refused(409, "the job's key is taken by a live job", code="key_taken", hint="Choose another key.")
    if wait and job.state not in FINAL:
        try:
            job = await app.wait(job, min(wait, caller.desk.settings.api.max_wait))
        except WaitTimeout:
            job = await app.job(ticket.id)
    url = f"{caller.prefix}/v1/jobs/{job.id}"
    response.headers["Location"] = url
    if job.state not in FINAL:
        response.status_code = _ACCEPTED
    return Sent(
        id=job.id,
        kind=job.kind,
        state=job.state,
        duplicate=ticket.duplicate,
        result=job.result,
        failure=None if job.failure is None else _shown(job.failure),
        url=url,
    )


def _shown(why: JobFailure) -> Failure:
    """A failure as it is stored, with what is secret in its message hidden."""
    return Failure.model_validate(replace(why, message=redact_text(why.message)))
