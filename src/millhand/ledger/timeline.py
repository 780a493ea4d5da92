"""Tell the life of a job as steps of the transition table, from its row, its attempts and the notices about it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from millhand.core.settlement import Charge
from millhand.core.state import FINAL, WAITING, Cause, State
from millhand.ledger.views import AttemptView, EventView, JobRow, Step, between

CANCELLED_BY_HAND = "cancelled"
RETRIED_BY_HAND = Cause.RETRIED.value
_BY_HAND = {CANCELLED_BY_HAND: State.CANCELLED, RETRIED_BY_HAND: State.AVAILABLE}

_CHARGES = {
    Charge.NOTHING: "nothing charged",
    Charge.ATTEMPT: "charged as an attempt",
    Charge.CRASH: "charged as a crash",
}


def timeline(job: JobRow, attempts: Sequence[AttemptView], notices: Sequence[EventView]) -> tuple[Step, ...]:
    """The steps in order, each with how long it lasted.

    What is not stored follows from the rest: a job that was claimed had become ready before. Attempts come in the order
    of their fences even where the clocks of hosts disagree.
    """
    told = _Told(job, attempts[0] if attempts else None, notices)
    remaining = list(notices)
    for attempt in attempts:
        while remaining and remaining[0].at <= attempt.claimed_at:
            told.notice(remaining.pop(0))
        told.claim(attempt.available_at, attempt.claimed_at, attempt.worker, attempt.number)
        while remaining and remaining[0].at < attempt.finished_at:
            told.notice(remaining.pop(0))
        told.end(attempt)
    while remaining and (job.state is not State.RUNNING or remaining[0].at <= (job.claimed_at or 0)):
        told.notice(remaining.pop(0))
    told.present(job)
    for notice in remaining:
        told.notice(notice)
    return tuple(_with_durations(told.steps))


class _Told:
    """The steps told so far, and the state that they have led to."""

    def __init__(self, job: JobRow, first: AttemptView | None, notices: Sequence[EventView]) -> None:
        self.state = _initial(job, first, notices)
        text = f"enqueued as {job.kind} in queue {job.queue}"
        self.steps = [Step(at=job.enqueued_at, state=self.state, cause=None, text=text)]

    def claim(self, available_at: int, claimed_at: int, worker: str, number: int) -> None:
        """A worker took the job, which had become ready."""
        self.ready(available_at)
        self._go(claimed_at, State.RUNNING, Cause.CLAIMED, f"attempt {number} on {worker}", number)

    def ready(self, at: int) -> None:
        """The job can be taken."""
        if self.state in FINAL:
            self._go(at, State.AVAILABLE, Cause.RETRIED, RETRIED_BY_HAND)
        elif self.state is not State.AVAILABLE:
            self._go(at, State.AVAILABLE, Cause.DUE, "ready to run")

    def end(self, attempt: AttemptView) -> None:
        """The attempt ended."""
        self._go(attempt.finished_at, attempt.state, attempt.cause, _ending(attempt), attempt.number)

    def notice(self, notice: EventView) -> None:
        """Something was done to the job: a step if it changed the state, else a note."""
        target = _BY_HAND.get(notice.name)
        if target is None:
            text = f"{notice.name}: {notice.text}" if notice.text else notice.name
            self.steps.append(Step(at=notice.at, state=None, cause=None, text=text, attempt=notice.attempt or None))
        elif target is not self.state and self.state is not State.RUNNING:
            self._go(notice.at, target, Cause(notice.name), notice.name)

    def present(self, job: JobRow) -> None:
        """The state in which the job is now."""
        if job.state is State.RUNNING:
            claimed_at = job.claimed_at or job.run_at
            number = job.failures + job.crashes + 1
            self.claim(min(job.run_at, claimed_at), claimed_at, job.worker or "a worker", number)
        elif job.state is State.AVAILABLE:
            self.ready(job.run_at)
        elif job.state is State.CANCELLED and self.state in WAITING:
            text = job.error_message or CANCELLED_BY_HAND
            self._go(job.finished_at or job.run_at, State.CANCELLED, Cause.CANCELLED, text)

    def _go(self, at: int, state: State, cause: Cause, text: str, attempt: int | None = None) -> None:
        self.steps.append(Step(at=at, state=state, cause=cause, text=text, attempt=attempt))
        self.state = state


def _initial(job: JobRow, first: AttemptView | None, notices: Sequence[EventView]) -> State:
    """Ready at once or scheduled: told by the first thing that happened to the job."""
    by_hand = next((notice for notice in notices if notice.name in _BY_HAND), None)
    if by_hand is not None and (first is None or by_hand.at <= first.claimed_at):
        scheduled = by_hand.name == RETRIED_BY_HAND
    else:
        scheduled = (first.available_at if first else job.run_at) > job.enqueued_at
    return State.SCHEDULED if scheduled else State.AVAILABLE


def _ending(attempt: AttemptView) -> str:
    if attempt.state is State.COMPLETED:
        return f"{attempt.cause} after {attempt.ran:.3g} s"
    said = f"{attempt.cause}, {_CHARGES[attempt.charge]}"
    if attempt.failure is None:
        return said
    hint = f" ({attempt.failure.hint})" if attempt.failure.hint else ""
    return f"{said}: {attempt.failure.message}{hint}"


def _with_durations(steps: Sequence[Step]) -> Iterator[Step]:
    for step, following in pairwise(steps):
        yield replace(step, lasted=between(step.at, following.at))
    yield from steps[-1:]
