"""The span of one run, as a child of the span that enqueued the job."""

from contextlib import AbstractContextManager

from millhand.telemetry.tracing import run_span
from millhand.worker.messages import Run


def traced_run(run: Run) -> AbstractContextManager[object]:
    """A span around the run of a job."""
    return run_span(run.headers, kind=run.kind, job_id=run.job_id, attempt=run.attempt, queue=run.queue)
