"""Whether the store keeps the conditions of writes: tried once at the start, and not believed."""

from enum import StrEnum

from millhand.brokers.bucket.layout import PROBES
from millhand.core.errors import BlobFailed
from millhand.stores import Bucket

_NOT_KNOWN = ("NotImplemented", "InvalidArgument", "InvalidRequest", "NotSupported")


class Conditions(StrEnum):
    """What the store made of the conditions."""

    KEPT = "kept"
    IGNORED = "ignored"
    REFUSED = "refused"


async def probe(bucket: Bucket, name: str) -> Conditions:
    """Try whether an object can be made twice, and whether a stale etag passes, even of nothing; leaves nothing."""
    key = f"{PROBES}/{name}"
    try:
        return Conditions.KEPT if await _keeps(bucket, key) else Conditions.IGNORED
    except BlobFailed as error:
        if any(code in error.message for code in _NOT_KNOWN):
            return Conditions.REFUSED
        raise
    finally:
        await bucket.delete(key)
        await bucket.delete(f"{key}-none")


async def _keeps(bucket: Bucket, key: str) -> bool:
    first = await bucket.create(key, b"1") or await _etag_of(bucket, key, b"1")
    if first is None or await bucket.create(key, b"2") is not None:
        return False
    second = await bucket.replace(key, b"3", first) or await _etag_of(bucket, key, b"3")
    if second is None or await bucket.replace(key, b"4", first) is not None:
        return False
    if await bucket.replace(f"{key}-none", b"5", first) is not None:
        return False
    return await _etag_of(bucket, key, b"3") == second


async def _etag_of(bucket: Bucket, key: str, content: bytes) -> str | None:
    """The etag of what was written, though the answer was lost; None if something else is there."""
    body, facts = await bucket.read(key, max_bytes=16)
    return facts.etag if body == content else None
