"""Decide what an outcome means for the job: its next state, when it runs again, and what it is charged."""

from enum import StrEnum
from typing import NamedTuple, assert_never

from millhand.core.artefact import Artefact
from millhand.core.failure import Failure, failure
from millhand.core.job import Delivery, NewJob
from millhand.core.outcome import (
    Cancelled,
    Completed,
    Crashed,
    Discarded,
    Outcome,
    Released,
    Retry,
    Snoozed,
)
from millhand.core.retry import LONGEST_WAIT, RetryPolicy
from millhand.core.state import Cause, State


class Charge(StrEnum):
    """What an attempt cost the job."""

    NOTHING = "nothing"
    ATTEMPT = "attempt"
    CRASH = "crash"


class Settlement(NamedTuple):
    """What the broker is told about one delivery. `delay` is in seconds; the instants are when the attempt ran.

    A named tuple, as is `Delivery`: each job needs one, and a dataclass takes several times as long to make.
    """

    delivery: Delivery
    state: State
    cause: Cause
    delay: float = 0.0
    charge: Charge = Charge.NOTHING
    failure: Failure | None = None
    result: str | None = None
    artefacts: tuple[Artefact, ...] = ()
    follow_ups: tuple[NewJob, ...] = ()
    started_at: int | None = None
    finished_at: int = 0
    executor: str = ""


class Run(NamedTuple):
    """Where and when an attempt ran; `started_at` is None if its handler was never called."""

    started_at: int | None
    finished_at: int
    executor: str


def settlement(delivery: Delivery, outcome: Outcome, policy: RetryPolicy, run: Run, random: float) -> Settlement:
    """Decide what this outcome means; `random` in [0, 1) decides the jitter of the wait."""
    verdict = _verdict(delivery, outcome, policy, random)
    done = outcome if isinstance(outcome, Completed) else _NOTHING
    return Settlement(delivery, *verdict, done.result, done.artefacts, done.follow_ups, *run)


_NOTHING = Completed()


class _Verdict(NamedTuple):
    state: State
    cause: Cause
    delay: float = 0.0
    charge: Charge = Charge.NOTHING
    failure: Failure | None = None


_SUCCESS = _Verdict(State.COMPLETED, Cause.SUCCEEDED, charge=Charge.ATTEMPT)


def _verdict(  # noqa: PLR0911 - one line for each kind of outcome
    delivery: Delivery, outcome: Outcome, policy: RetryPolicy, random: float
) -> _Verdict:
    match outcome:
        case Completed():
            return _SUCCESS
        case Retry():
            return _retried(delivery, outcome, policy, random)
        case Crashed():
            return _crashed(delivery, outcome, policy, random)
        case Discarded():
            return _given_up(Charge.ATTEMPT, outcome.failure)
        case Snoozed():
            return _Verdict(State.SCHEDULED, Cause.SNOOZED, _bounded(outcome.seconds))
        case Cancelled():
            reason = failure("cancelled", outcome.reason or "cancelled while it ran")
            return _Verdict(State.CANCELLED, Cause.CANCELLED, failure=reason)
        case Released():
            return _Verdict(State.AVAILABLE, Cause.RELEASED)
        case _:
            assert_never(outcome)


def _retried(delivery: Delivery, outcome: Retry, policy: RetryPolicy, random: float) -> _Verdict:
    charged = delivery.failures + 1
    if outcome.charged and charged >= delivery.max_attempts:
        return _given_up(Charge.ATTEMPT, outcome.failure)
    delay = policy.delay(charged, random) if outcome.after is None else outcome.after
    charge = Charge.ATTEMPT if outcome.charged else Charge.NOTHING
    return _Verdict(State.RETRYABLE, Cause.FAILED, _bounded(delay), charge, outcome.failure)


def _crashed(delivery: Delivery, outcome: Crashed, policy: RetryPolicy, random: float) -> _Verdict:
    crashes = delivery.crashes + 1
    if crashes >= delivery.max_crashes:
        return _given_up(Charge.CRASH, outcome.failure)
    delay = crash_delay(crashes, policy, random)
    return _Verdict(State.RETRYABLE, Cause.CRASHED, _bounded(delay), Charge.CRASH, outcome.failure)


def _given_up(charge: Charge, failure: Failure) -> _Verdict:
    return _Verdict(State.DISCARDED, Cause.GAVE_UP, 0.0, charge, failure)


def _bounded(delay: float) -> float:
    return min(LONGEST_WAIT, max(0.0, delay))


def crash_delay(crashes: int, policy: RetryPolicy, random: float) -> float:
    """The first crash runs again at once, since most are not the job's own doing; later ones wait by the policy."""
    return 0.0 if crashes <= 1 else policy.delay(crashes - 1, random)
