"""What a job asks for, read from its object: a file by its route, a job of our own by its envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from millhand.brokers.bucket.envelope import MAX_ENVELOPE, unwrap
from millhand.brokers.bucket.inbox import Item
from millhand.brokers.bucket.routes import Route
from millhand.core.job import DEFAULT_TENANT, ENVELOPE_VERSION
from millhand.stores import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Kind and arguments of a job, and its rules."""

    kind: str
    args: str
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    priority: int = 0
    max_attempts: int
    max_crashes: int
    parent_id: str | None = None
    version: int = ENVELOPE_VERSION


async def read_work(bucket: Bucket, item: Item, key: str = "") -> Work:
    """Look at the object of a job, which may lie under another key by now.

    Raises `BlobMissing` if it is gone, `Permanent` if it is no job.
    """
    if item.route is not None:
        await bucket.stat(key or item.key)
        return _of_file(bucket, item, item.route)
    body, _ = await bucket.read(key or item.key, max_bytes=MAX_ENVELOPE)
    envelope = unwrap(body)
    return Work(
        kind=envelope.kind,
        args=envelope.args_text,
        tenant=envelope.tenant,
        headers=envelope.headers,
        priority=envelope.priority,
        max_attempts=envelope.max_attempts,
        max_crashes=envelope.max_crashes,
        parent_id=envelope.parent_id,
        version=envelope.v,
    )


def output_key(item_key: str, route: Route) -> str:
    """Where the output of a file goes; nothing if the route says nothing."""
    return route.output_of(route.match(item_key) or {}) if route.output else ""


def _of_file(bucket: Bucket, item: Item, route: Route) -> Work:
    output = output_key(item.key, route)
    return Work(
        kind=route.kind,
        args=route.args_of(
            route.match(item.key) or {}, bucket.url_of(item.key), bucket.url_of(output) if output else ""
        ),
        max_attempts=route.max_attempts,
        max_crashes=route.max_crashes,
    )
