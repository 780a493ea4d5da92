"""What people are shown of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from millhand.core.clock import MICROSECONDS
from millhand.core.events import Level
from millhand.core.failure import Failure
from millhand.core.settlement import Charge
from millhand.core.state import Cause, State


@dataclass(frozen=True, slots=True)
class Count:
    """A number that was counted up to a limit: with `more`, there are at least that many."""

    value: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.value:,}+" if self.more else f"{self.value:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as a line of a list.

    `seq` orders jobs by when they were stored; `started_at` is known once it ended; `subject` is what it works on, in
    a word or two from its arguments, or nothing.
    """

    seq: int
    id: str
    kind: str
    queue: str
    tenant: str
    priority: int
    state: State
    failures: int
    crashes: int
    max_attempts: int
    max_crashes: int
    key: str | None
    limit_key: str | None
    parent_id: str | None
    worker: str | None
    enqueued_at: int
    run_at: int
    claimed_at: int | None
    started_at: int | None
    finished_at: int | None
    cancel_at: int | None
    progress: float | None
    progress_text: str
    error_code: str | None
    error_message: str | None
    error_fingerprint: str | None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first. `next` is the cursor of the following page, or None at the end of the ledger.

    A search looks at a bounded number of jobs at a time, so a page may hold fewer rows than were asked for, even none,
    and still have a next one.
    """

    rows: tuple[JobRow, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job for programs: its stored texts as they are, nothing redacted. `failure` is without hint and traceback."""

    id: str
    kind: str
    queue: str
    tenant: str
    priority: int
    state: State
    args: str
    headers: Mapping[str, str]
    failures: int
    crashes: int
    max_attempts: int
    max_crashes: int
    key: str | None
    parent_id: str | None
    enqueued_at: int
    run_at: int
    started_at: int | None
    finished_at: int | None
    progress: float | None
    progress_text: str
    result: str | None
    failure: Failure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One finished run of a job; `number` repeats where the run before was not charged, `fence` never does."""

    number: int
    fence: int
    worker: str
    executor: str
    available_at: int
    claimed_at: int
    started_at: int | None
    finished_at: int
    state: State
    cause: Cause
    charge: Charge
    failure: Failure | None = None

    @property
    def waited(self) -> float:
        """Seconds from ready to claimed."""
        return between(self.available_at, self.claimed_at)

    @property
    def ran(self) -> float:
        """Seconds that the handler ran; 0 if it was never called."""
        return 0.0 if self.started_at is None else between(self.started_at, self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """Something that an attempt reported: `name` is `log`, `progress`, or that of a notice."""

    seq: int
    job_id: str
    attempt: int
    at: int
    name: str
    level: Level | None
    text: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactView:
    """A blob that a job produced."""

    seq: int
    job_id: str
    attempt: int
    at: int
    name: str
    url: str
    media_type: str
    size: int
    sha256: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a job's timeline. `cause` is None for the first step and for notes, `state` None for notes.

    `lasted` is the seconds until the next step, None for the last one.
    """

    at: int
    state: State | None
    cause: Cause | None
    text: str
    attempt: int | None = None
    lasted: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a job waiting; `until` is the instant at which it ends, where that is known."""

    code: str
    text: str
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """Everything about one job. The lists are bounded: `events` and `children` hold the newest."""

    row: JobRow
    args: Any
    headers: Mapping[str, Any]
    result: Any
    failure: Failure | None
    attempts: tuple[AttemptView, ...]
    events: tuple[EventView, ...]
    artefacts: tuple[ArtefactView, ...]
    children: tuple[JobRow, ...]
    timeline: tuple[Step, ...]
    waiting: tuple[Reason, ...]


def between(start: int, end: int) -> float:
    """Seconds from one instant to a later one; 0 where clocks of two hosts disagree about the order."""
    return max(0, end - start) / MICROSECONDS
