"""Jobs of our own, as objects: JSON with every field. Anybody may put one there, with `kind` and `args` alone."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from millhand.core.errors import Permanent
from millhand.core.job import DEFAULT_TENANT, ENVELOPE_VERSION, NewJob

MAX_PAYLOAD = 256 * 1024
"""The largest arguments, in bytes of UTF-8."""
MAX_ENVELOPE = 4 * MAX_PAYLOAD
"""The largest object that is read as a job: JSON within JSON may take twice its size, and there are the headers."""


class Envelope(BaseModel):
    """What the object of a job carries. Arguments are JSON within a text, which keeps them to the letter, or JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = ENVELOPE_VERSION
    kind: str
    args: str | dict[str, Any] = "{}"
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = {}
    priority: int = 0
    max_attempts: int = 5
    max_crashes: int = 3
    parent_id: str | None = None

    @property
    def args_text(self) -> str:
        """The arguments as JSON."""
        return self.args if isinstance(self.args, str) else json.dumps(self.args, ensure_ascii=False)


def wrap(job: NewJob) -> bytes:
    """The object of a job."""
    return (
        Envelope(
            v=job.version,
            kind=job.kind,
            args=job.args,
            tenant=job.tenant,
            headers=job.headers,
            priority=job.priority,
            max_attempts=job.max_attempts,
            max_crashes=job.max_crashes,
            parent_id=job.parent_id,
        )
        .model_dump_json()
        .encode()
    )


def unwrap(body: bytes) -> Envelope:
    """Read the object of a job; raises `Permanent` (code `bad_envelope`) for one that is none."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(str(part) for part in item["loc"]) or "JSON" for item in error.errors()}))
        raise Permanent(
            f"the object is no job: its {wrong} is wrong",
            code="bad_envelope",
            hint='A job is a JSON object such as {"kind": "document.convert", "args": {"source": "s3://…"}}.',
        ) from None
