"""Queues, workers, schedules, failures and kinds as the API shows them."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from millhand.core.registry import Kind as RegisteredKind
from millhand.core.state import State
from millhand.core.wish import Wish
from millhand.ledger.views import QueueView, Trend
from millhand.web.api.models.base import Count, Instant, Items, Shown
from millhand.web.api.models.jobs import Job


class Limits(Shown):
    """Concurrency limits of a queue, over all workers; null for none."""

    running: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Jobs of the queue at a time.")
    per_tenant: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Jobs of one tenant at a time.")
    per_limit_key: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Jobs of one limit key at a time.")


class Queue(Shown):
    """A queue: what waits in it, what runs, and who serves it."""

    name: str
    paused: bool
    paused_at: Instant | None
    available: int
    running: int
    scheduled: int
    retryable: int
    discarded: Count = Field(description="Jobs that failed for good, among the newest of those.")
    oldest: Instant | None = Field(description="Since when its longest-waiting ready job has waited.")
    limits: Limits
    workers: int
    slots: int

    @classmethod
    def of(cls, view: QueueView) -> Self:
        """The answer for a queue of the ledger."""
        stats, caps = view.stats, view.caps
        return cls(
            name=stats.queue,
            paused=stats.paused,
            paused_at=view.paused_at,  # pyright: ignore[reportArgumentType] - an instant becomes a datetime
            available=stats.available,
            running=stats.running,
            scheduled=stats.scheduled,
            retryable=stats.retryable,
            discarded=Count.model_validate(view.discarded),
            oldest=stats.oldest,  # pyright: ignore[reportArgumentType] - as above
            limits=Limits(running=caps.queue, per_tenant=caps.tenant, per_limit_key=caps.limit_key),
            workers=view.workers,
            slots=view.slots,
        )


class Worker(Shown):
    """A worker as it last told of itself."""

    id: str
    host: str
    pid: int
    version: str
    queues: list[str] = Field(description="The queues that it serves; empty means all.")
    kinds: list[str]
    slots: int
    state: str = Field(description="`running`, `quiet` or `draining`.")
    wish: Wish = Field(description="What somebody wishes of it; it looks about once a second.")
    facts: Mapping[str, Any]
    started_at: Instant
    seen_at: Instant
    running: int
    silent: bool = Field(description="Whether it was not heard of for too long; its jobs are rescued.")


class Schedule(Shown):
    """What is enqueued again and again."""

    name: str
    cron: str
    explained: str = Field(description="The expression in plain words.")
    zone: str
    missed: str
    kind: str
    args: Any
    queue: str
    tenant: str
    priority: int
    enabled: bool
    next_at: Instant
    last_at: Instant | None
    last_job_id: str | None


class FailureGroup(Shown):
    """Jobs of one kind that failed alike; the texts are of the newest of them."""

    kind: str
    fingerprint: str
    code: str
    message: str
    discarded: Count
    retrying: Count
    first_at: Instant
    last_at: Instant
    sample_id: str
    hours: list[int] = Field(
        description="How many failed for good in each of the last 24 hours, the oldest first; fewer hours where more"
        " jobs failed than are looked at."
    )
    trend: Trend | None = Field(description="How the last three hours compare with those before them.")


class Audited(Shown):
    """Who did what to what."""

    seq: int
    at: Instant
    actor: str
    action: str
    target: str
    details: Mapping[str, Any]


class Rules(Shown):
    """How a kind is tried again, and what one attempt may use."""

    max_attempts: int
    max_crashes: int
    soft_limit: float | None = Field(description="Seconds after which the handler is asked to stop.")
    hard_limit: float = Field(description="Seconds after which its executor is killed.")
    memory_limit: int | None = Field(description="Bytes; null means the worker's own limit.")


class Kind(Shown):
    """A kind of job that the app knows."""

    name: str
    queue: str
    summary: str
    rules: Rules

    @classmethod
    def of(cls, kind: RegisteredKind, **more: object) -> Self:
        """The answer for a kind of the registry."""
        rules = Rules(
            max_attempts=kind.retry.max_attempts,
            max_crashes=kind.retry.max_crashes,
            soft_limit=kind.limits.soft,
            hard_limit=kind.limits.hard,
            memory_limit=kind.limits.memory,
        )
        return cls.model_validate(
            {"name": kind.name, "queue": kind.args.queue, "summary": kind.summary, "rules": rules, **more}
        )


class KindDetail(Kind):
    """A kind with the JSON Schema of its arguments."""

    args_schema: Mapping[str, Any] = Field(description="JSON Schema (2020-12) of the arguments.")


class Status(Shown):
    """How everything stands now."""

    states: Mapping[State, Count]
    last_minute: Mapping[State, Count] = Field(description="The jobs that ended in the last minute.")
    oldest_ready: Instant | None = Field(description="Since when the longest-waiting ready job has waited.")
    workers: int
    slots: int
    running: list[Job]


class FleetStatus(Status):
    """How everything stands now, with the processes behind it."""

    processes: Items[Worker]
