"""How a job stands with a broker that is not also its history: what may be read there at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from millhand.core.failure import Failure
from millhand.core.job import DEFAULT_TENANT
from millhand.core.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A job in the broker's own words, turned into ours. Instants as in `Job`; `result` is JSON text."""

    id: str
    kind: str
    queue: str
    state: State
    args: str
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    priority: int = 0
    failures: int = 0
    crashes: int = 0
    max_attempts: int = 1
    max_crashes: int = 1
    parent_id: str | None = None
    enqueued_at: int = 0
    run_at: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    result: str | None = None
    failure: Failure | None = None
