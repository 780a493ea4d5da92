"""Decide what an outcome means for the job: its next state, when it runs again, and what it is charged."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What the broker is told about one delivery. `delay` is in seconds; the instants are when the attempt ran."""

    delivery: Delivery
    state: State
    cause: Cause
    delay: float = 0.0
    charge: Charge = Charge.NOTHING
    result: str | None = None
    failure: Failure | None = None
    artefacts: tuple[Artefact, ...] = ()
    follow_ups: tuple[NewJob, ...] = ()
    started_at: int | None = None
    finished_at: int = 0
    executor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where and when an attempt ran; `started_at` is None if its handler was never called."""

    started_at: int | None
    finished_at: int
    executor: str


def settlement(delivery: Delivery, outcome: Outcome, policy: RetryPolicy, run: Run, random: float) -> Settlement:
    """Decide what this outcome means; `random` in [0, 1) decides the jitter of the wait."""
    verdict = _verdict(delivery, outcome, policy, random)
    done = outcome if isinstance(outcome, Completed) else Completed()
    return Settlement(
        delivery=delivery,
        state=verdict.state,
        cause=verdict.cause,
        delay=min(LONGEST_WAIT, max(0.0, verdict.delay)),
        charge=verdict.charge,
        result=done.result,
        failure=verdict.failure,
        artefacts=done.artefacts,
        follow_ups=done.follow_ups,
        started_at=run.started_at,
        finished_at=run.finished_at,
        executor=run.executor,
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    state: State
    cause: Cause
    failure: Failure | None = None
    charge: Charge = Charge.NOTHING
    delay: float = 0.0


def _verdict(  # noqa: PLR0911 - one line for each kind of outcome
    delivery: Delivery, outcome: Outcome, policy: RetryPolicy, random: float
) -> _Verdict:
    match outcome:
        case Completed():
            return _Verdict(State.COMPLETED, Cause.SUCCEEDED, charge=Charge.ATTEMPT)
        case Retry():
            return _retried(delivery, outcome, policy, random)
        case Crashed():
            return _crashed(delivery, outcome, policy, random)
        case Discarded():
            return _Verdict(State.DISCARDED, Cause.GAVE_UP, outcome.failure, Charge.ATTEMPT)
        case Snoozed():
            return _Verdict(State.SCHEDULED, Cause.SNOOZED, delay=outcome.seconds)
        case Cancelled():
            reason = failure("cancelled", outcome.reason or "cancelled while it ran")
            return _Verdict(State.CANCELLED, Cause.CANCELLED, reason)
        case Released():
            return _Verdict(State.AVAILABLE, Cause.RELEASED)
        case _:
            assert_never(outcome)


def _retried(delivery: Delivery, outcome: Retry, policy: RetryPolicy, random: float) -> _Verdict:
    charged = delivery.failures + 1
    if outcome.charged and charged >= delivery.max_attempts:
        return _Verdict(State.DISCARDED, Cause.GAVE_UP, outcome.failure, Charge.ATTEMPT)
    delay = policy.delay(charged, random) if outcome.after is None else outcome.after
    charge = Charge.ATTEMPT if outcome.charged else Charge.NOTHING
    return _Verdict(State.RETRYABLE, Cause.FAILED, outcome.failure, charge, delay)


def _crashed(delivery: Delivery, outcome: Crashed, policy: RetryPolicy, random: float) -> _Verdict:
    crashes = delivery.crashes + 1
    if crashes >= delivery.max_crashes:
        return _Verdict(State.DISCARDED, Cause.GAVE_UP, outcome.failure, Charge.CRASH)
    delay = crash_delay(crashes, policy, random)
    return _Verdict(State.RETRYABLE, Cause.CRASHED, outcome.failure, Charge.CRASH, delay)


def crash_delay(crashes: int, policy: RetryPolicy, random: float) -> float:
    """The first crash runs again at once, since most are not the job's own doing; later ones wait by the policy."""
    return 0.0 if crashes <= 1 else policy.delay(crashes - 1, random)
