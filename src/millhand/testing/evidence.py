"""The evidence on which `testing.checker` judges: histories, rows of the ledger, and the handlers' own records."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.history import Claim, Ending, Entry, Renewal


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """What the ledger says of a job."""

    id: str
    state: State
    kind: str = ""
    failures: int = 0
    crashes: int = 0
    max_attempts: int = 5
    max_crashes: int = 3
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """What the ledger says of an attempt: an accepted settlement, or the rescue of an expired lease."""

    job_id: str
    fence: int
    number: int
    worker: str
    claimed_at: int
    finished_at: int
    state: State
    cause: Cause
    charge: Charge
    failure_code: str = ""
    executor: str = ""

    @property
    def rescued(self) -> bool:
        """Whether nobody settled it: its lease ran out, and it was taken back at `finished_at`."""
        return self.cause is Cause.LEASE_EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerRun:
    """One call of a handler, as it told it itself; `ended_at` is None if it did not come to its end."""

    job_id: str
    attempt: int
    worker: str
    pid: int
    started_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known. `permanent` names the failure codes with which a job is discarded before any cap."""

    history: Sequence[Entry]
    jobs: Sequence[JobRow]
    attempts: Sequence[AttemptRow]
    runs: Sequence[HandlerRun] = ()
    permanent: frozenset[str] = frozenset({"permanent"})


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that was not kept: the name of the rule, the job (empty if it is about none), and what happened."""

    rule: str
    job_id: str
    text: str


@dataclass(slots=True)
class Case:
    """All that is known of one job, each list in order of fences or of time."""

    job: JobRow | None = None
    claims: list[Claim] = field(default_factory=list[Claim])
    renewals: list[Renewal] = field(default_factory=list[Renewal])
    endings: list[Ending] = field(default_factory=list[Ending])
    attempts: list[AttemptRow] = field(default_factory=list[AttemptRow])
    runs: list[HandlerRun] = field(default_factory=list[HandlerRun])

    @property
    def by_fence(self) -> Mapping[int, AttemptRow]:
        """The attempts by their fences."""
        return {row.fence: row for row in self.attempts}


def cases_of(evidence: Evidence) -> dict[str, Case]:
    """What is known of each job."""
    cases: dict[str, Case] = defaultdict(Case)
    for job in evidence.jobs:
        cases[job.id].job = job
    for entry in evidence.history:
        _file(entry, cases)
    for row in sorted(evidence.attempts, key=lambda row: row.fence):
        cases[row.job_id].attempts.append(row)
    for run in sorted(evidence.runs, key=lambda run: run.started_at):
        cases[run.job_id].runs.append(run)
    for each in cases.values():
        each.claims.sort(key=lambda claim: claim.fence)
    return dict(cases)


def _file(entry: Entry, cases: dict[str, Case]) -> None:
    match entry:
        case Claim():
            cases[entry.job_id].claims.append(entry)
        case Renewal():
            cases[entry.job_id].renewals.append(entry)
        case Ending():
            cases[entry.job_id].endings.append(entry)
        case _:
            pass
