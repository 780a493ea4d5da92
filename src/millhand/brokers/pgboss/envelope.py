"""The data of a job: our own kinds travel in an envelope that keeps every field; others' jobs are plain data.

An envelope is `{"millhand": {…}}`. Its arguments are JSON within a text, because PostgreSQL's JSON changes numbers and
the order of keys and can't hold NUL.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from millhand.core.job import DEFAULT_TENANT, ENVELOPE_VERSION, NewJob

KEY = "millhand"
"""Where an envelope is within a job's data, and where a worker's mark is within an active job's output."""


class Envelope(BaseModel):
    """What an envelope carries."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    v: int
    kind: str = ""
    args: str = "{}"
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = {}
    max_attempts: int = 5
    max_crashes: int = 3
    crashes: int = 0
    parent_id: str | None = None


def wrap(job: NewJob) -> dict[str, Any]:
    """The data of a job of ours."""
    envelope = Envelope(
        v=job.version,
        kind=job.kind,
        args=job.args,
        tenant=job.tenant,
        headers=job.headers,
        max_attempts=job.max_attempts,
        max_crashes=job.max_crashes,
        parent_id=job.parent_id,
    )
    return {KEY: envelope.model_dump(exclude_defaults=True)}


def unwrap(data: str | None) -> Envelope | None:
    """The envelope within a job's data; None for the plain data of somebody else.

    What looks like an envelope but can't be read has version -1, which no worker reads.
    """
    if data is None or KEY not in data:
        return None
    content = json.loads(data)
    if not isinstance(content, dict) or set(content) != {KEY}:  # pyright: ignore[reportUnknownArgumentType] - checked
        return None
    try:
        return Envelope.model_validate(content[KEY])
    except ValidationError:
        return Envelope(v=-1, args=data)


def is_plain(job: NewJob, kind: str) -> bool:
    """Whether a job for a queue whose jobs are of this kind can travel as plain data, as others send it."""
    return job.kind == kind and job.version == ENVELOPE_VERSION
