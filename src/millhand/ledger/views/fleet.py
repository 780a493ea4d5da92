"""What people are shown of queues, failures, workers, schedules, the audit trail, and of all at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from millhand.core.fairness import Caps
from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.core.wish import Wish
from millhand.ledger.views.jobs import Count, JobRow

_LATE_HOURS = 3
_MARKED = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue: how it stands, its limits, how many workers take jobs from it, and how many of those failed lately."""

    stats: QueueStats
    caps: Caps
    paused_at: int | None
    workers: int
    slots: int
    discarded: Count


class Trend(StrEnum):
    """How often something happens lately, compared with before."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Jobs of one kind that failed alike: `discarded` for good, or `retrying`. The texts are of the newest of them.

    `hours` is how many failed for good in each of the last hours, the oldest first: 24, or fewer where more jobs failed
    than are looked at.
    """

    kind: str
    fingerprint: str
    code: str
    message: str
    discarded: Count
    retrying: Count
    first_at: int
    last_at: int
    sample_id: str
    hours: tuple[int, ...] = ()

    @property
    def trend(self) -> Trend | None:
        """How the last three hours compare with those before them; None where there is nothing to compare."""
        late, early = self.hours[-_LATE_HOURS:], self.hours[:-_LATE_HOURS]
        if not early or not sum(self.hours):
            return None
        lately, before = sum(late) / len(late), sum(early) / len(early)
        if lately > before * _MARKED:
            return Trend.RISING
        return Trend.FALLING if lately * _MARKED < before else Trend.STEADY


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker as it last told of itself. `silent` says that it has not for too long; its jobs are rescued."""

    id: str
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    kinds: tuple[str, ...]
    slots: int
    state: str
    facts: Mapping[str, Any]
    started_at: int
    seen_at: int
    running: int
    silent: bool
    wish: Wish = Wish.WORK

    @property
    def takes_jobs(self) -> bool:
        """Whether it is there, and neither quiet nor about to end."""
        return not self.silent and self.state == "running"

    def serves(self, queue: str) -> bool:
        """Whether it is for jobs of this queue; one that names no queues is for all."""
        return not self.queues or queue in self.queues


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule; `explained` is its expression in plain words."""

    name: str
    cron: str
    explained: str
    zone: str
    missed: str
    kind: str
    args: Any
    queue: str
    tenant: str
    priority: int
    enabled: bool
    next_at: int
    last_at: int | None
    last_job_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """Who did what to what."""

    seq: int
    at: int
    actor: str
    action: str
    target: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries of the audit trail, newest first; `next` is the cursor of the following page, or None."""

    entries: tuple[AuditView, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The figures at a glance. `last_minute` counts the jobs that ended in it; `oldest_ready` is an instant."""

    states: Mapping[State, Count]
    last_minute: Mapping[State, Count]
    oldest_ready: int | None
    workers: int
    slots: int
    running: tuple[JobRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """How many jobs ended in each minute up to the instant `until`, by queue and final state; the oldest first.

    There are fewer minutes than in an hour where more jobs ended than are looked at.
    """

    minutes: tuple[Mapping[tuple[str, State], int], ...]
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything at a glance; `failed` are the jobs that were sent last of those that failed for good."""

    figures: Overview
    queues: tuple[QueueView, ...]
    workers: tuple[WorkerView, ...]
    failed: tuple[JobRow, ...]
    activity: Activity
