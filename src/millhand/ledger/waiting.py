"""Say why a job is not running yet, in words that tell what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from millhand.core.clock import as_datetime
from millhand.core.fairness import Caps
from millhand.core.state import WAITING, State
from millhand.ledger.views import Count, JobRow, Reason, WorkerView


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLoad:
    """How the job's queue stands: its limits, and what runs of the queue, of the job's tenant, of its limit key."""

    paused: bool = False
    caps: Caps = field(default_factory=Caps)
    running: int = 0
    running_of_tenant: int = 0
    running_of_limit_key: int = 0
    ready: Count = field(default_factory=lambda: Count(0))


def why_waiting(job: JobRow, load: QueueLoad, workers: Sequence[WorkerView], now: int) -> tuple[Reason, ...]:
    """Every reason that keeps the job from running now, the strongest first; none if it does not wait."""
    if job.state not in WAITING:
        return ()
    alive = [worker for worker in workers if not worker.silent]
    serving = [worker for worker in alive if worker.serves(job.queue)]
    reasons = [
        *_time(job, now),
        *_queue(job, load),
        *_workers(job, alive, serving),
        *_caps(job, load),
        *_slots(job, load, serving, now),
    ]
    return tuple(reasons)


def _time(job: JobRow, now: int) -> Iterator[Reason]:
    if job.state is State.AVAILABLE:
        return
    if job.run_at <= now:
        yield Reason("due", "its time has come: the next worker that looks takes it")
    elif job.state is State.SCHEDULED:
        yield Reason("scheduled", f"scheduled for {_moment(job.run_at)}", job.run_at)
    else:
        failed = f"after {job.failures} of {job.max_attempts} attempts and {job.crashes} of {job.max_crashes} crashes"
        yield Reason("retry", f"tried again at {_moment(job.run_at)}, {failed}", job.run_at)


def _queue(job: JobRow, load: QueueLoad) -> Iterator[Reason]:
    if load.paused:
        yield Reason("paused", f"queue {job.queue} is paused: `millhand queues resume {job.queue}`")


def _workers(job: JobRow, alive: Sequence[WorkerView], serving: Sequence[WorkerView]) -> Iterator[Reason]:
    if not alive:
        yield Reason("no_worker", "no worker is running: start one with `millhand worker`")
    elif not serving:
        yield Reason("queue_unserved", f"no running worker serves queue {job.queue}")
    elif not any(job.kind in worker.kinds for worker in serving):
        yield Reason("kind_unserved", f"no running worker of queue {job.queue} knows the kind {job.kind}")
    elif all(worker.state == "draining" for worker in serving):
        yield Reason("draining", f"every worker of queue {job.queue} is shutting down")
    elif not any(worker.takes_jobs for worker in serving):
        yield Reason("quiet", f"every worker of queue {job.queue} is quiet: `millhand workers resume WORKER`")


def _caps(job: JobRow, load: QueueLoad) -> Iterator[Reason]:
    caps = load.caps
    if caps.queue is not None and load.running >= caps.queue:
        yield Reason("cap_queue", f"queue {job.queue} runs {load.running} of at most {caps.queue} jobs")
    if caps.tenant is not None and load.running_of_tenant >= caps.tenant:
        yield Reason(
            "cap_tenant",
            f"tenant '{job.tenant}' runs {load.running_of_tenant} of at most {caps.tenant} jobs",
        )
    if caps.limit_key is not None and job.limit_key and load.running_of_limit_key >= caps.limit_key:
        yield Reason(
            "cap_limit_key",
            f"limit key '{job.limit_key}' runs {load.running_of_limit_key} of at most {caps.limit_key} jobs",
        )


def _slots(job: JobRow, load: QueueLoad, serving: Sequence[WorkerView], now: int) -> Iterator[Reason]:
    if job.state is not State.AVAILABLE or not serving or job.run_at > now:
        return
    if all(worker.running >= worker.slots for worker in serving):
        slots = sum(worker.slots for worker in serving)
        yield Reason("busy", f"all {slots} slots are taken; {load.ready} jobs are ready in queue {job.queue}")


def _moment(instant: int) -> str:
    return f"{as_datetime(instant):%Y-%m-%d %H:%M:%S} UTC"
