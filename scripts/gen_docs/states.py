"""The page of a job's states, drawn from the transition table."""

from millhand.core.state import FINAL, TRANSITIONS, Cause, State, mermaid
from scripts.gen_docs.markdown import code, page, table

_STATES = {
    State.SCHEDULED: "It waits for its time: it was sent with a delay, or snoozed.",
    State.AVAILABLE: "It is ready, and waits for a worker, a free slot, or room under a limit.",
    State.RUNNING: "A worker holds its lease. It runs, or is about to.",
    State.RETRYABLE: "An attempt failed; it waits for the next one.",
    State.COMPLETED: "Its handler returned, and the settlement was accepted.",
    State.DISCARDED: "It failed for good: the dead letters. It is kept, and can be retried by hand.",
    State.CANCELLED: "Somebody cancelled it.",
}
_CAUSES = {
    Cause.DUE: "Its time has come.",
    Cause.CLAIMED: "A worker leased it.",
    Cause.SUCCEEDED: "The handler returned.",
    Cause.FAILED: "The attempt failed and another one is left. Charged as an attempt, unless something below the job "
    "was down.",
    Cause.CRASHED: "The executor died, or was killed for memory, while it ran the job. Charged as a crash.",
    Cause.SNOOZED: "The handler raised `Snooze`. Nothing is charged.",
    Cause.RELEASED: "The worker handed it back: it is stopping, or another job took the executor down. "
    "Nothing is charged.",
    Cause.LEASE_EXPIRED: "The worker did not renew its lease: it died or was cut off. Charged as a crash.",
    Cause.GAVE_UP: "A permanent failure, or the last attempt or crash that the retry policy allows.",
    Cause.CANCELLED: "Somebody asked for it.",
    Cause.RETRIED: "`millhand jobs retry`, or `App.retry`. Its counts start from nothing.",
}


def write() -> str:
    """The page."""
    return page(
        "States",
        "A job is in one of seven states. The only steps that exist are those of one table in `millhand.core.state`;"
        " this page is drawn from it.",
        f"```mermaid\n{mermaid()}```",
        *(f"## {state}\n\n{_STATES[state]}{' This is an end.' if state in FINAL else ''}" for state in State),
        "## Causes",
        "Each step has a cause, which `millhand jobs show` tells in the job's timeline.",
        table(("cause", "from → to", "meaning"), ((code(cause), _steps(cause), _CAUSES[cause]) for cause in Cause)),
    )


def _steps(cause: Cause) -> str:
    return ", ".join(f"{step.source} → {step.target}" for step in TRANSITIONS if step.cause is cause)
