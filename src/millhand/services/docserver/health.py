"""Reading the heartbeat: whether a worker lives, and what it says of itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from millhand.core.clock import MICROSECONDS
from millhand.core.errors import BlobMissing, Permanent
from millhand.services.docserver.heartbeat import EVERY
from millhand.services.docserver.place import HEARTBEAT
from millhand.stores import Bucket

_FRESH = 3 * EVERY
_LARGEST = 64 * 1024


class Liveness(StrEnum):
    """How old a heartbeat is: fresh up to three minutes, which is three beats; or there is none."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of the document server: how long ago it wrote its heartbeat, in seconds, and what that says."""

    liveness: Liveness
    age: float | None = None
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def ok(self) -> bool:
        """Whether it lives and says that it is well."""
        return self.liveness is Liveness.FRESH and self.told.get("status") == "ok"


async def read_health(bucket: Bucket, now: int) -> Health:
    """Read the heartbeat; `now` is the instant by which its age is told. Raises `BlobFailed`."""
    try:
        body, facts = await bucket.read(HEARTBEAT, max_bytes=_LARGEST)
    except BlobMissing:
        return Health(Liveness.MISSING)
    except Permanent:  # whatever is so large is none
        return Health(Liveness.MISSING)
    age = max(0.0, (now - facts.modified) / MICROSECONDS)
    return Health(Liveness.FRESH if age <= _FRESH else Liveness.STALE, round(age, 1), _told(body))


def _told(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}
