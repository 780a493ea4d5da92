"""Good histories, small enough to be spoilt by hand: one worker after another on one job."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.checker import check
from millhand.testing.evidence import AttemptRow, Evidence, HandlerRun, JobRow
from millhand.testing.history import Claim, Ending, Entry, Renewal, Sending

SECOND = 1_000_000
LEASE = 2 * SECOND

_COUNTS: dict[Cause, tuple[State, Charge]] = {
    Cause.SUCCEEDED: (State.COMPLETED, Charge.ATTEMPT),
    Cause.FAILED: (State.RETRYABLE, Charge.ATTEMPT),
    Cause.CRASHED: (State.RETRYABLE, Charge.CRASH),
    Cause.LEASE_EXPIRED: (State.AVAILABLE, Charge.CRASH),
    Cause.RELEASED: (State.AVAILABLE, Charge.NOTHING),
    Cause.GAVE_UP: (State.DISCARDED, Charge.ATTEMPT),
    Cause.CANCELLED: (State.CANCELLED, Charge.NOTHING),
}


@dataclass
class Story:
    """What happened to job "j", told in order; each attempt takes one lease's time."""

    history: list[Entry] = field(default_factory=lambda: [Sending("producer", 0, ("j",), ("j",))])
    attempts: list[AttemptRow] = field(default_factory=list)
    runs: list[HandlerRun] = field(default_factory=list)
    others: list[JobRow] = field(default_factory=list)
    failures: int = 0
    crashes: int = 0

    def attempt(self, cause: Cause, worker: str = "w1", follow_ups: tuple[str, ...] = ()) -> "Story":
        """The next worker takes the job, renews its lease, runs it, and settles it, or lets it run out."""
        fence = len(self.attempts) + 1
        begun, number = fence * 10 * SECOND, self.failures + self.crashes + 1
        state, charge = _COUNTS[cause]
        ended = begun + SECOND if cause is not Cause.LEASE_EXPIRED else begun + 2 * LEASE
        self.history.append(Claim(worker, "j", fence, number, begun, begun + LEASE, told_at=begun))
        self.history.append(Renewal(worker, "j", fence, begun + SECOND // 2, begun + SECOND // 2 + LEASE, kept=True))
        if cause is not Cause.LEASE_EXPIRED:
            self.history.append(Ending(worker, "j", fence, ended, state, cause, charge, follow_ups, accepted=True))
        self.runs.append(
            HandlerRun(job_id="j", attempt=number, worker=worker, pid=fence, started_at=begun, ended_at=ended)
        )
        self.attempts.append(
            AttemptRow(
                job_id="j",
                fence=fence,
                number=number,
                worker=worker,
                claimed_at=begun,
                finished_at=ended,
                state=state,
                cause=cause,
                charge=charge,
            )
        )
        self.failures += charge is Charge.ATTEMPT and state is not State.COMPLETED
        self.crashes += charge is Charge.CRASH
        return self

    def job(self, **changes: object) -> JobRow:
        """The ledger's row of the job, as the attempts left it."""
        state = self.attempts[-1].state if self.attempts else State.AVAILABLE
        return replace(
            JobRow(id="j", state=state, failures=self.failures, crashes=self.crashes), **cast("Any", changes)
        )

    def breaches(self, **changes: object) -> list[tuple[str, str]]:
        """The rules that the checker finds broken, each with its words."""
        evidence = Evidence(
            history=self.history, jobs=[self.job(**changes), *self.others], attempts=self.attempts, runs=self.runs
        )
        return [(breach.rule, breach.text) for breach in check(evidence)]

    def rules(self, **changes: object) -> set[str]:
        """The names of the rules that the checker finds broken."""
        return {rule for rule, _ in self.breaches(**changes)}

    def change(self, kind: type[Entry], of_fence: int, **changes: object) -> "Story":
        """Spoil what a worker recorded under a fence."""
        self.history = [
            replace(entry, **cast("Any", changes))
            if isinstance(entry, kind) and getattr(entry, "fence", 0) == of_fence
            else entry
            for entry in self.history
        ]
        return self

    def spoil(self, fence: int, **changes: object) -> "Story":
        """Spoil what the ledger holds of a fence."""
        self.attempts = [replace(row, **cast("Any", changes)) if row.fence == fence else row for row in self.attempts]
        return self
