"""Jobs as the API shows them."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from millhand.core.events import Level
from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.ledger.views import JobDetail
from millhand.web.api.models.base import Instant, Shown


class Failure(Shown):
    """Why an attempt failed."""

    code: str = Field(description="Stable; millhand's own have a heading in the reference of errors.")
    type: str
    message: str
    hint: str = Field(description="What to do about it, or empty.")
    traceback: str
    fingerprint: str = Field(description="Equal for failures that are alike.")


class Job(Shown):
    """A job as a line of a list."""

    id: str
    kind: str
    queue: str
    tenant: str
    priority: int
    state: State
    failures: int = Field(description="Attempts that failed and were charged.")
    crashes: int = Field(description="Times that the job took its executor down, or outlived its lease.")
    max_attempts: int
    max_crashes: int
    key: str | None = Field(description="No second live job of the kind has the same.")
    limit_key: str | None
    parent_id: str | None = Field(description="The job that enqueued it, or that it is a changed repetition of.")
    worker: str | None
    enqueued_at: Instant
    run_at: Instant
    claimed_at: Instant | None
    started_at: Instant | None = Field(description="Of the last attempt, once it has ended.")
    finished_at: Instant | None
    cancel_at: Instant | None = Field(description="When somebody asked to cancel it.")
    progress: float | None = Field(description="From 0 to 1.")
    progress_text: str
    error_code: str | None
    error_message: str | None
    error_fingerprint: str | None
    subject: str = Field(description="What it works on, in a word or two from its arguments, such as a file's name.")


class Attempt(Shown):
    """One finished run of a job."""

    number: int
    fence: int
    worker: str
    executor: str
    available_at: Instant
    claimed_at: Instant
    started_at: Instant | None
    finished_at: Instant
    state: State
    cause: Cause
    charge: Charge
    waited: float = Field(description="Seconds from ready to claimed.")
    ran: float = Field(description="Seconds that the handler ran.")
    failure: Failure | None


class Event(Shown):
    """Something that an attempt reported."""

    seq: int = Field(description="Orders events; ask for those after it to go on.")
    job_id: str
    attempt: int
    at: Instant
    name: str = Field(description="`log`, `progress`, or what was done to the job.")
    level: Level | None
    text: str
    fields: Mapping[str, Any]


class Artefact(Shown):
    """A file that a job produced."""

    seq: int
    job_id: str
    attempt: int
    at: Instant
    name: str
    url: str = Field(description="Where it is kept; to read it, use its `artefacts/{seq}/content`.")
    media_type: str
    size: int
    sha256: str
    facts: Mapping[str, Any]


class Step(Shown):
    """One step of a job's life."""

    at: Instant
    state: State | None
    cause: Cause | None
    text: str
    attempt: int | None
    lasted: float | None = Field(description="Seconds until the next step.")


class Reason(Shown):
    """One thing that keeps a job waiting."""

    code: str
    text: str
    until: Instant | None


class Detail(Job):
    """Everything about a job. What looks like a secret is hidden."""

    args: Any = Field(description="The arguments.")
    headers: Mapping[str, Any]
    result: Any
    failure: Failure | None
    attempts: list[Attempt]
    artefacts: list[Artefact]
    children: list[Job] = Field(description="The jobs that it enqueued.")
    timeline: list[Step]
    waiting: list[Reason] = Field(description="What keeps it from running now.")

    @classmethod
    def of(cls, found: JobDetail) -> Self:
        """The answer for what the ledger knows."""
        row = Job.model_validate(found.row)
        rest = {name: getattr(found, name) for name in cls.model_fields if name not in Job.model_fields}
        return cls.model_validate({**dict(row), **rest})
