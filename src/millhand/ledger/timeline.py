"""Tell the life of a job as steps of the transition table, from its row, its attempts and the notices about it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from millhand.core.failure import Failure
from millhand.core.settlement import Charge
from millhand.core.state import FINAL, WAITING, Cause, State
from millhand.ledger.views import AttemptView, EventView, JobRow, Step, between

_CHARGES = {
    Charge.NOTHING: "nothing charged",
    Charge.ATTEMPT: "charged as an attempt",
    Charge.CRASH: "charged as a crash",
}


def timeline(job: JobRow, attempts: Sequence[AttemptView], notices: Sequence[EventView]) -> tuple[Step, ...]:
    """The steps in order, each with how long it lasted. Where clocks of hosts disagree, the order of events wins."""
    steps = [*_enqueued(job, attempts), *_past(attempts), *_present(job, attempts)]
    for notice in notices:
        _insert(steps, Step(at=notice.at, state=None, cause=None, text=_note(notice), attempt=notice.attempt))
    return tuple(_with_durations(steps))


def _enqueued(job: JobRow, attempts: Sequence[AttemptView]) -> Iterator[Step]:
    ready_at = attempts[0].available_at if attempts else job.run_at
    text = f"enqueued as {job.kind} in queue {job.queue}"
    if ready_at > job.enqueued_at:
        yield Step(at=job.enqueued_at, state=State.SCHEDULED, cause=None, text=text)
        if attempts or job.state not in (State.SCHEDULED, State.CANCELLED):
            yield _due(ready_at)
    else:
        yield Step(at=job.enqueued_at, state=State.AVAILABLE, cause=None, text=text)


def _past(attempts: Sequence[AttemptView]) -> Iterator[Step]:
    before = None
    for attempt in attempts:
        if before is not None:
            yield from _ready_again(before.state, attempt.available_at)
        yield _claimed(attempt.claimed_at, attempt.worker, attempt.number)
        yield Step(
            at=attempt.finished_at,
            state=attempt.state,
            cause=attempt.cause,
            text=_ending(attempt),
            attempt=attempt.number,
        )
        before = attempt


def _present(job: JobRow, attempts: Sequence[AttemptView]) -> Iterator[Step]:
    """What has happened since the last finished attempt."""
    last = attempts[-1] if attempts else None
    if job.state in WAITING:
        if last is not None and last.state in FINAL:
            yield from _ready_again(last.state, job.run_at)
        elif last is not None and last.state is not job.state:
            yield _due(job.run_at)
    elif job.state is State.RUNNING:
        claimed_at = job.claimed_at or job.run_at
        if last is not None:
            yield from _ready_again(last.state, min(job.run_at, claimed_at))
        yield _claimed(claimed_at, job.worker or "a worker", job.failures + job.crashes + 1)
    elif last is None or last.state is not job.state:
        at = job.finished_at or job.cancel_at or job.run_at
        yield Step(at=at, state=job.state, cause=Cause.CANCELLED, text="cancelled while it waited")


def _ready_again(state: State, at: int) -> Iterator[Step]:
    if state in FINAL:
        yield Step(at=at, state=State.AVAILABLE, cause=Cause.RETRIED, text="retried by hand")
    elif state is not State.AVAILABLE:
        yield _due(at)


def _due(at: int) -> Step:
    return Step(at=at, state=State.AVAILABLE, cause=Cause.DUE, text="ready to run")


def _claimed(at: int, worker: str, attempt: int) -> Step:
    text = f"attempt {attempt} on {worker}"
    return Step(at=at, state=State.RUNNING, cause=Cause.CLAIMED, text=text, attempt=attempt)


def _ending(attempt: AttemptView) -> str:
    said = _failure_text(attempt.failure)
    if attempt.state is State.COMPLETED:
        return f"{attempt.cause} after {attempt.ran:.3g} s"
    return f"{attempt.cause}, {_CHARGES[attempt.charge]}{said}"


def _failure_text(failure: Failure | None) -> str:
    if failure is None:
        return ""
    hint = f" ({failure.hint})" if failure.hint else ""
    return f": {failure.message}{hint}"


def _note(notice: EventView) -> str:
    return f"{notice.name}: {notice.text}" if notice.text else notice.name


def _insert(steps: list[Step], note: Step) -> None:
    later = (place for place, step in enumerate(steps) if step.at > note.at)
    steps.insert(next(later, len(steps)), note)


def _with_durations(steps: Sequence[Step]) -> Iterator[Step]:
    for step, following in pairwise(steps):
        yield replace(step, lasted=between(step.at, following.at))
    yield from steps[-1:]
