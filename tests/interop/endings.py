"""How deliveries end, for tests that settle them by hand."""

from millhand.core.failure import failure
from millhand.core.job import Delivery
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import Cause, State


def completed(delivery: Delivery, result: str | None = None) -> Settlement:
    """A success, with its result in JSON."""
    return Settlement(
        delivery=delivery, state=State.COMPLETED, cause=Cause.SUCCEEDED, charge=Charge.ATTEMPT, result=result
    )


def retried(delivery: Delivery, random: float = 0.5) -> Settlement:
    """A failure that is tried again, after the wait that the job's own row asks for."""
    assert delivery.retry is not None
    return Settlement(
        delivery=delivery,
        state=State.RETRYABLE,
        cause=Cause.FAILED,
        charge=Charge.ATTEMPT,
        delay=delivery.retry.delay(delivery.failures + 1, random),
        failure=failure("exception", "it did not work"),
    )


def discarded(delivery: Delivery) -> Settlement:
    """A failure for good."""
    return Settlement(
        delivery=delivery,
        state=State.DISCARDED,
        cause=Cause.GAVE_UP,
        charge=Charge.ATTEMPT,
        failure=failure("bad_input", "it can't work"),
    )


def released(delivery: Delivery) -> Settlement:
    """Handed back."""
    return Settlement(delivery=delivery, state=State.AVAILABLE, cause=Cause.RELEASED)


def cancelled(delivery: Delivery) -> Settlement:
    """Stopped, since somebody cancelled it."""
    return Settlement(
        delivery=delivery,
        state=State.CANCELLED,
        cause=Cause.CANCELLED,
        failure=failure("cancelled", "cancelled while it ran"),
    )
