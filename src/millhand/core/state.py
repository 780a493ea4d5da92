"""The states of a job and the single table of allowed transitions.

The diagram in the docs and the timeline of the dashboard are drawn from this table.
"""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where a job is in its life."""

    SCHEDULED = "scheduled"
    AVAILABLE = "available"
    RUNNING = "running"
    RETRYABLE = "retryable"
    COMPLETED = "completed"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why a job changes its state."""

    DUE = "due"
    CLAIMED = "claimed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CRASHED = "crashed"
    SNOOZED = "snoozed"
    RELEASED = "released"
    LEASE_EXPIRED = "lease expired"
    GAVE_UP = "gave up"
    CANCELLED = "cancelled"
    RETRIED = "retried by hand"


class Transition(NamedTuple):
    """One allowed step in the life of a job."""

    source: State
    target: State
    cause: Cause


INITIAL = frozenset({State.AVAILABLE, State.SCHEDULED})
WAITING = frozenset({State.AVAILABLE, State.SCHEDULED, State.RETRYABLE})
FINAL = frozenset({State.COMPLETED, State.DISCARDED, State.CANCELLED})
LIVE = WAITING | {State.RUNNING}

TRANSITIONS: tuple[Transition, ...] = (
    Transition(State.SCHEDULED, State.AVAILABLE, Cause.DUE),
    Transition(State.RETRYABLE, State.AVAILABLE, Cause.DUE),
    Transition(State.AVAILABLE, State.RUNNING, Cause.CLAIMED),
    Transition(State.RUNNING, State.COMPLETED, Cause.SUCCEEDED),
    Transition(State.RUNNING, State.RETRYABLE, Cause.FAILED),
    Transition(State.RUNNING, State.RETRYABLE, Cause.CRASHED),
    Transition(State.RUNNING, State.SCHEDULED, Cause.SNOOZED),
    Transition(State.RUNNING, State.AVAILABLE, Cause.RELEASED),
    Transition(State.RUNNING, State.AVAILABLE, Cause.LEASE_EXPIRED),
    Transition(State.RUNNING, State.DISCARDED, Cause.GAVE_UP),
    Transition(State.RUNNING, State.CANCELLED, Cause.CANCELLED),
    *(Transition(state, State.CANCELLED, Cause.CANCELLED) for state in sorted(WAITING)),
    *(Transition(state, State.AVAILABLE, Cause.RETRIED) for state in sorted(FINAL)),
    Transition(State.RETRYABLE, State.AVAILABLE, Cause.RETRIED),
    Transition(State.SCHEDULED, State.AVAILABLE, Cause.RETRIED),
)

_ALLOWED = frozenset((step.source, step.target) for step in TRANSITIONS)


def allowed(source: State, target: State) -> bool:
    """Whether a job may go from the one state to the other."""
    return (source, target) in _ALLOWED


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram, for the docs."""
    starts = [f"    [*] --> {state}" for state in sorted(INITIAL)]
    steps = [f"    {step.source} --> {step.target}: {step.cause}" for step in TRANSITIONS]
    ends = [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(["stateDiagram-v2", *starts, *steps, *ends, ""])
