"""Values that the tests of the core share."""

from millhand.core.failure import failure
from millhand.core.job import Delivery, NewJob

OOPS = failure("exception", "it did not work")


def delivery(
    *, failures: int = 0, crashes: int = 0, max_attempts: int = 5, max_crashes: int = 3, job_id: str = "job-1"
) -> Delivery:
    """A lease of a job that has failed and crashed so often."""
    return Delivery(
        receipt=1,
        fence=1,
        job_id=job_id,
        kind="test.kind",
        args="{}",
        failures=failures,
        crashes=crashes,
        max_attempts=max_attempts,
        max_crashes=max_crashes,
    )


def new_job(args: str = "{}", *, job_id: str = "job-2", kind: str = "test.kind") -> NewJob:
    """A job to send."""
    return NewJob(id=job_id, kind=kind, args=args)
