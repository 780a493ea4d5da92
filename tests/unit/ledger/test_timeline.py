"""A job's timeline follows the transition table, whatever happened to the job."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from millhand.core.failure import failure
from millhand.core.settlement import Charge
from millhand.core.state import FINAL, INITIAL, TRANSITIONS, WAITING, Cause, State, Transition
from millhand.ledger.timeline import timeline
from millhand.ledger.views import AttemptView, EventView, JobRow, Step
from tests.unit.ledger.makers import at, attempt, job, notice


def states(steps: tuple[Step, ...]) -> list[tuple[State, Cause | None]]:
    return [(step.state, step.cause) for step in steps if step.state is not None]


def test_a_job_that_succeeds() -> None:
    done = attempt(1, 2, 5, State.COMPLETED, Cause.SUCCEEDED)
    steps = timeline(job(state=State.COMPLETED, run_at=at(0)), [done], [])
    assert states(steps) == [
        (State.SCHEDULED, None),
        (State.AVAILABLE, Cause.DUE),
        (State.RUNNING, Cause.CLAIMED),
        (State.COMPLETED, Cause.SUCCEEDED),
    ]
    assert [step.lasted for step in steps] == [1, 1, 3, None]


def test_a_job_that_waits_fails_and_is_tried_again() -> None:
    reason = failure("timeout", "no answer", hint="Look at the host.")
    first = attempt(1, 0, 1, State.RETRYABLE, Cause.FAILED, available_at=at(0), failure=reason)
    row = job(state=State.RUNNING, failures=1, run_at=at(61), claimed_at=at(62), worker="worker-2")
    steps = timeline(row, [first], [])
    assert states(steps) == [
        (State.AVAILABLE, None),
        (State.RUNNING, Cause.CLAIMED),
        (State.RETRYABLE, Cause.FAILED),
        (State.AVAILABLE, Cause.DUE),
        (State.RUNNING, Cause.CLAIMED),
    ]
    assert steps[2].text == "failed, charged as an attempt: no answer (Look at the host.)"
    assert steps[4].text == "attempt 2 on worker-2"


def test_a_job_that_only_waits() -> None:
    assert states(timeline(job(), [], [])) == [(State.AVAILABLE, None)]
    assert states(timeline(job(state=State.SCHEDULED, run_at=at(9)), [], [])) == [(State.SCHEDULED, None)]


def test_a_purged_job_was_cancelled() -> None:
    row = job(state=State.CANCELLED, finished_at=at(3), error_message="its queue was purged")
    steps = timeline(row, [], [])
    assert states(steps) == [(State.AVAILABLE, None), (State.CANCELLED, Cause.CANCELLED)]
    assert steps[-1].text == "its queue was purged"


def test_commands_are_steps_and_other_notices_are_notes() -> None:
    gone = attempt(1, 1, 2, State.DISCARDED, Cause.GAVE_UP, available_at=at(0), charge=Charge.ATTEMPT)
    told = [
        notice("settlement refused", 3, "too late"),
        notice("retried by hand", 4),
        notice("cancelled", 5),
        notice("retried by hand", 6),
    ]
    steps = timeline(job(run_at=at(6)), [gone], told)
    assert states(steps)[3:] == [
        (State.AVAILABLE, Cause.RETRIED),
        (State.CANCELLED, Cause.CANCELLED),
        (State.AVAILABLE, Cause.RETRIED),
    ]
    assert [step.text for step in steps if step.state is None] == ["settlement refused: too late"]


def test_a_cancel_request_stands_within_its_attempt() -> None:
    stopped = attempt(1, 1, 5, State.CANCELLED, Cause.CANCELLED, available_at=at(0))
    steps = timeline(job(state=State.CANCELLED), [stopped], [notice("cancel requested", 3)])
    assert [step.text for step in steps][2] == "cancel requested"
    assert states(steps)[-1] == (State.CANCELLED, Cause.CANCELLED)


def test_clocks_that_disagree_give_no_negative_durations() -> None:
    first = attempt(1, 5, 4, State.AVAILABLE, Cause.RELEASED)
    second = attempt(2, 3, 2, State.COMPLETED, Cause.SUCCEEDED, available_at=at(4))
    steps = timeline(job(state=State.COMPLETED), [first, second], [])
    assert states(steps)[-1] == (State.COMPLETED, Cause.SUCCEEDED)
    assert all(step.lasted is None or step.lasted >= 0 for step in steps)


@st.composite
def lives(draw: st.DrawFn) -> tuple[JobRow, list[AttemptView], list[EventView]]:
    """A job led through random allowed transitions, with what would be stored of them."""
    clock = iter(range(1, 1_000, 2))
    state = draw(st.sampled_from(sorted(INITIAL)))
    run_at = at(next(clock)) if state is State.SCHEDULED else at(0)
    attempts: list[AttemptView] = []
    notices: list[EventView] = []
    claimed_at, finished_at = None, None
    for _ in range(draw(st.integers(0, 12))):
        step = draw(st.sampled_from([step for step in TRANSITIONS if step.source is state]))
        now = next(clock)
        if step.cause is Cause.RETRIED:
            notices.append(notice("retried by hand", now))
            run_at, finished_at = at(now), None
        elif step.cause is Cause.DUE:
            run_at = max(run_at, at(now - 1))
        elif step.cause is Cause.CLAIMED:
            claimed_at = at(now)
        elif step.source is State.RUNNING:
            assert claimed_at is not None
            number = len(attempts) + 1
            ended = attempt(number, 0, now, step.target, step.cause, available_at=run_at, claimed_at=claimed_at)
            attempts.append(ended)
            run_at = run_at if step.target in FINAL else at(next(clock))
            finished_at = at(now)
        else:
            notices.append(notice("cancelled", now))
            finished_at = at(now)
        state = step.target
    row = job(state=state, run_at=run_at, claimed_at=claimed_at, finished_at=finished_at)
    return row, attempts, notices


@given(life=lives())
def test_every_step_is_an_allowed_transition(life: tuple[JobRow, list[AttemptView], list[EventView]]) -> None:
    row, attempts, notices = life
    steps = [step for step in timeline(row, attempts, notices) if step.state is not None]
    assert steps[0].state in INITIAL
    assert steps[0].cause is None
    for before, step in pairwise(steps):
        assert before.state is not None
        assert step.state is not None
        assert step.cause is not None
        assert Transition(before.state, step.state, step.cause) in TRANSITIONS
    # A job that has become due stays stored as waiting until somebody claims it.
    assert steps[-1].state is row.state or (row.state in WAITING and steps[-1].state in WAITING)
    assert sum(step.state is State.RUNNING for step in steps) == len(attempts) + (row.state is State.RUNNING)
