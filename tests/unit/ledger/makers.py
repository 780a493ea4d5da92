"""Rows and attempts for tests of what is derived from them."""

from dataclasses import replace

from millhand.core.clock import MICROSECONDS
from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.ledger.views import AttemptView, EventView, JobRow, WorkerView

T0 = 1_800_000_000 * MICROSECONDS


def at(seconds: float) -> int:
    """The instant that many seconds into the test."""
    return T0 + round(seconds * MICROSECONDS)


_JOB = JobRow(
    seq=1,
    id="job-1",
    kind="test.kind",
    queue="docs",
    tenant="acme",
    priority=0,
    state=State.AVAILABLE,
    failures=0,
    crashes=0,
    max_attempts=5,
    max_crashes=3,
    key=None,
    limit_key=None,
    parent_id=None,
    worker=None,
    enqueued_at=T0,
    run_at=T0,
    claimed_at=None,
    started_at=None,
    finished_at=None,
    cancel_at=None,
    progress=None,
    progress_text="",
    error_code=None,
    error_message=None,
    error_fingerprint=None,
)


def job(**changes: object) -> JobRow:
    """A ready job, with changes."""
    return replace(_JOB, **changes)


def attempt(number: int, start: float, end: float, state: State, cause: Cause, **changes: object) -> AttemptView:
    """An attempt that was ready a second before it started."""
    made = AttemptView(
        number=number,
        fence=number,
        worker="worker-1",
        executor="executor-1",
        available_at=at(start - 1),
        claimed_at=at(start),
        started_at=at(start),
        finished_at=at(end),
        state=state,
        cause=cause,
        charge=Charge.ATTEMPT,
    )
    return replace(made, **changes)


def notice(name: str, seconds: float, text: str = "") -> EventView:
    """Something that was done to the job."""
    return EventView(seq=1, job_id="job-1", attempt=0, at=at(seconds), name=name, level=None, text=text, fields={})


def worker(**changes: object) -> WorkerView:
    """A live worker of all queues that knows the job's kind."""
    made = WorkerView(
        id="worker-1",
        host="host",
        pid=1,
        version="1",
        queues=(),
        kinds=("test.kind",),
        slots=2,
        state="running",
        facts={},
        started_at=T0,
        seen_at=T0,
        running=0,
        silent=False,
    )
    return replace(made, **changes)
