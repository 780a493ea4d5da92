"""The versioned envelope of a job: JSON text with every field a broker must carry, for brokers that store bytes."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from millhand.core.errors import Permanent
from millhand.core.job import ENVELOPE_VERSION, NewJob

_FIELDS = (
    "id", "kind", "queue", "tenant", "priority", "run_at", "key", "limit_key", "max_attempts", "max_crashes",
    "parent_id",
)  # fmt: skip

_JSON_OBJECT = TypeAdapter(dict[str, Any])
_JOB = TypeAdapter(NewJob)


def encode(job: NewJob) -> bytes:
    """Write a job as an envelope of the present version."""
    fields = {name: getattr(job, name) for name in _FIELDS}
    body = {
        "v": job.version,
        **fields,
        "headers": dict(job.headers),
        "args": json.loads(job.args),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def decode(body: bytes) -> NewJob:
    """Read an envelope; raises `Permanent` (code `bad_envelope` or `unknown_version`) for one that is not ours."""
    try:
        content = _JSON_OBJECT.validate_json(body)
    except ValidationError as error:
        raise Permanent("the message is not a JSON object", code="bad_envelope") from error
    if not content.keys() >= {"v", "id", "kind", "args"}:
        raise Permanent("the message is not an envelope: it lacks v, id, kind or args", code="bad_envelope")
    check_version(content["v"])
    fields = {name: content[name] for name in (*_FIELDS, "headers") if name in content}
    args = json.dumps(content["args"], ensure_ascii=False)
    try:
        return _JOB.validate_json(json.dumps({**fields, "args": args}), strict=True)
    except ValidationError as error:
        wrong = ", ".join(sorted({str(item["loc"][0]) for item in error.errors()}))
        raise Permanent(f"the message is not an envelope: it has a wrong {wrong}", code="bad_envelope") from error


def check_version(version: int) -> None:
    """Refuse an envelope that this version can't read, rather than to guess; raises `Permanent`."""
    if version != ENVELOPE_VERSION:
        raise Permanent(
            f"the job's envelope has version {version}, this worker reads {ENVELOPE_VERSION}",
            code="unknown_version",
            hint="A newer millhand sent it: upgrade this worker, then retry the job.",
        )
