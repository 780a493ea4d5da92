"""What an outcome means for a job: always an allowed step, within the caps, and charged rightly."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.core.artefact import Artefact
from millhand.core.job import Delivery
from millhand.core.outcome import Cancelled, Completed, Crashed, Discarded, Outcome, Released, Retry, Snoozed
from millhand.core.retry import LONGEST_WAIT, RetryPolicy
from millhand.core.settlement import Charge, Run, Settlement, crash_delay, settlement
from millhand.core.state import TRANSITIONS, Cause, State, Transition
from tests.unit.core.makers import OOPS, delivery, new_job

RUN = Run(started_at=10, finished_at=20, executor="executor-1")
POLICY = RetryPolicy(first=2.0, factor=2.0, jitter=0.0)

seconds = st.floats(allow_nan=True, allow_infinity=True)
outcomes = st.one_of(
    st.builds(Completed, result=st.none() | st.just('"x"')),
    st.builds(Retry, st.just(OOPS), st.none() | seconds, st.booleans()),
    st.builds(Snoozed, seconds),
    st.just(Discarded(OOPS)),
    st.builds(Cancelled, st.text()),
    st.just(Released("stopping")),
    st.just(Crashed(OOPS)),
)
counts = st.integers(0, 20)
deliveries = st.builds(
    delivery, failures=counts, crashes=counts, max_attempts=st.integers(1, 20), max_crashes=st.integers(1, 20)
)
policies = st.builds(
    RetryPolicy,
    delays=st.lists(st.floats(0, LONGEST_WAIT), max_size=4).map(tuple),
    first=st.floats(0, LONGEST_WAIT),
    factor=st.floats(1, 1_000),
    cap=st.floats(0, LONGEST_WAIT),
    jitter=st.floats(0, 1),
)
randoms = st.floats(0, 1, exclude_max=True)


def settled(held: Delivery, outcome: Outcome, policy: RetryPolicy = POLICY) -> Settlement:
    return settlement(held, outcome, policy, RUN, 0.5)


@given(deliveries, outcomes, policies, randoms)
def test_it_never_leaves_the_table_nor_the_caps(
    held: Delivery, outcome: Outcome, policy: RetryPolicy, random: float
) -> None:
    told = settlement(held, outcome, policy, RUN, random)
    assert Transition(State.RUNNING, told.state, told.cause) in TRANSITIONS
    assert 0 <= told.delay <= LONGEST_WAIT
    if told.state is State.RETRYABLE:
        failures = held.failures + (told.charge is Charge.ATTEMPT)
        crashes = held.crashes + (told.charge is Charge.CRASH)
        assert told.charge is not Charge.ATTEMPT or failures < held.max_attempts
        assert told.charge is not Charge.CRASH or crashes < held.max_crashes


@given(deliveries, outcomes)
def test_only_what_the_job_did_is_charged(held: Delivery, outcome: Outcome) -> None:
    expected = {
        Completed: Charge.ATTEMPT,
        Discarded: Charge.ATTEMPT,
        Crashed: Charge.CRASH,
        Snoozed: Charge.NOTHING,
        Cancelled: Charge.NOTHING,
        Released: Charge.NOTHING,
        Retry: Charge.ATTEMPT if isinstance(outcome, Retry) and outcome.charged else Charge.NOTHING,
    }
    assert settled(held, outcome).charge is expected[type(outcome)]


@given(deliveries, outcomes)
def test_a_job_that_did_not_succeed_leaves_nothing(held: Delivery, outcome: Outcome) -> None:
    told = settled(held, outcome)
    if not isinstance(outcome, Completed):
        assert (told.result, told.artefacts, told.follow_ups) == (None, (), ())


def test_a_success_carries_what_it_brought() -> None:
    artefact = Artefact("out.pdf", "memory://out.pdf", "application/pdf", 1, "00")
    told = settled(delivery(), Completed('"done"', (artefact,), (new_job(),)))
    assert (told.state, told.cause) == (State.COMPLETED, Cause.SUCCEEDED)
    assert (told.result, told.artefacts, told.follow_ups) == ('"done"', (artefact,), (new_job(),))
    assert (told.started_at, told.finished_at, told.executor) == (10, 20, "executor-1")


def test_a_failure_waits_by_the_policy_until_the_last_attempt() -> None:
    first = settled(delivery(failures=0, max_attempts=3), Retry(OOPS))
    second = settled(delivery(failures=1, max_attempts=3), Retry(OOPS))
    last = settled(delivery(failures=2, max_attempts=3), Retry(OOPS))
    assert [(each.state, each.delay) for each in (first, second)] == [(State.RETRYABLE, 2.0), (State.RETRYABLE, 4.0)]
    assert (last.state, last.cause, last.failure) == (State.DISCARDED, Cause.GAVE_UP, OOPS)


def test_a_failure_may_say_itself_how_long_to_wait() -> None:
    assert settled(delivery(), Retry(OOPS, after=0.0)).delay == 0.0
    assert settled(delivery(), Retry(OOPS, after=77.0)).delay == 77.0


def test_an_uncharged_failure_never_gives_up() -> None:
    told = settled(delivery(failures=4, max_attempts=5), Retry(OOPS, charged=False))
    assert (told.state, told.charge) == (State.RETRYABLE, Charge.NOTHING)


def test_crashes_and_failures_have_caps_of_their_own() -> None:
    assert settled(delivery(crashes=1, max_crashes=2), Crashed(OOPS)).state is State.DISCARDED
    assert settled(delivery(failures=4, crashes=0), Crashed(OOPS)).state is State.RETRYABLE
    assert settled(delivery(failures=0, crashes=2), Retry(OOPS)).state is State.RETRYABLE


def test_the_first_crash_runs_again_at_once_and_the_next_wait_by_the_policy() -> None:
    assert [crash_delay(crashes, POLICY, 0.5) for crashes in (1, 2, 3)] == [0.0, 2.0, 4.0]
    assert settled(delivery(crashes=0), Crashed(OOPS)).delay == 0.0
    assert settled(delivery(crashes=1), Crashed(OOPS)).delay == 2.0


def test_a_snooze_waits_as_long_as_it_says() -> None:
    told = settled(delivery(), Snoozed(30.0))
    assert (told.state, told.cause, told.delay) == (State.SCHEDULED, Cause.SNOOZED, 30.0)


@pytest.mark.parametrize(("asked", "waits"), [(math.inf, LONGEST_WAIT), (-5.0, 0.0), (math.nan, 0.0)])
def test_a_wait_that_cannot_be_meant_is_bounded(asked: float, waits: float) -> None:
    assert settled(delivery(), Snoozed(asked)).delay == waits


def test_a_cancelled_job_says_why() -> None:
    told = settled(delivery(), Cancelled("the customer left"))
    assert told.failure is not None
    assert (told.state, told.failure.code, told.failure.message) == (
        State.CANCELLED,
        "cancelled",
        "the customer left",
    )
    assert (settled(delivery(), Cancelled()).failure or OOPS).message == "cancelled while it ran"


def test_a_released_job_is_ready_at_once() -> None:
    told = settled(delivery(), Released("stopping"))
    assert (told.state, told.cause, told.delay) == (State.AVAILABLE, Cause.RELEASED, 0.0)
