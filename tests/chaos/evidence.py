"""Gather what a run left behind: the histories, the ledger's rows, and what the handlers wrote down."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.database.tables import attempts, jobs
from millhand.testing.evidence import AttemptRow, Breach, Evidence, HandlerRun, JobRow
from millhand.testing.history import SUFFIX, read_history, read_lines
from tests.chaos.app import SELF_KILLING

DATABASE = "millhand.db"


@dataclass(frozen=True, slots=True)
class Crash:
    """A crash that a job was charged because its executor died."""

    job_id: str
    kind: str
    executor: str


def evidence_of(folder: Path) -> Evidence:
    """All that is known of the run in this folder; its processes must have ended."""
    with _engine(folder).connect() as connection:
        return Evidence(
            history=read_history(folder / "history"),
            jobs=[_job(row) for row in connection.execute(sa.select(jobs))],
            attempts=[_attempt(row) for row in connection.execute(_ATTEMPTS)],
            runs=[run for path in _run_files(folder) for run in _runs(path)],
        )


def repeated_runs(folder: Path) -> int:
    """How many handlers returned for a job for which one had returned before."""
    returned = Counter(
        line["job"] for path in _run_files(folder) for line in read_lines(path) if line.get("how") == "returned"
    )
    return sum(count - 1 for count in returned.values())


def live_jobs(folder: Path) -> int:
    """How many jobs are not final."""
    final = [State.COMPLETED.value, State.DISCARDED.value, State.CANCELLED.value]
    counted = sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state.not_in(final))
    with _engine(folder).connect() as connection:
        return connection.scalar(counted) or 0


def unexplained_crashes(folder: Path, killed_executors: set[str]) -> Iterator[Breach]:
    """Jobs that were charged the death of an executor that nobody killed."""
    with _engine(folder).connect() as connection:
        crashes = [Crash(row.id, row.kind, f"{row.worker}.{row.executor}") for row in connection.execute(_CRASHES)]
    yield from unexplained(crashes, killed_executors)


def unexplained(crashes: Sequence[Crash], killed_executors: set[str]) -> Iterator[Breach]:
    """Those crashes that neither a fault nor the job itself explains."""
    for crash in crashes:
        if crash.executor not in killed_executors and crash.kind not in SELF_KILLING:
            yield Breach("crash charged", crash.job_id, f"{crash.executor} was not killed by any fault")


_ATTEMPTS = sa.select(attempts, jobs.c.id).join(jobs, jobs.c.seq == attempts.c.job)
_CRASHES = (
    sa.select(jobs.c.id, jobs.c.kind, attempts.c.worker, attempts.c.executor)
    .join(jobs, jobs.c.seq == attempts.c.job)
    .where(attempts.c.charge == Charge.CRASH.value, attempts.c.cause != Cause.LEASE_EXPIRED.value)
)


def _engine(folder: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///{folder / 'data' / DATABASE}", poolclass=sa.NullPool)


def _job(row: sa.Row) -> JobRow:
    return JobRow(
        id=row.id,
        state=State(row.state),
        failures=row.failures,
        crashes=row.crashes,
        max_attempts=row.max_attempts,
        max_crashes=row.max_crashes,
        parent_id=row.parent_id,
    )


def _attempt(row: sa.Row) -> AttemptRow:
    return AttemptRow(
        job_id=row.id,
        fence=row.fence,
        number=row.number,
        worker=row.worker,
        claimed_at=row.claimed_at,
        finished_at=row.finished_at,
        state=State(row.state),
        cause=Cause(row.cause),
        charge=Charge(row.charge),
        failure_code="" if row.failure is None else json.loads(row.failure)["code"],
    )


def _run_files(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob(f"*{SUFFIX}"))


def _runs(path: Path) -> Iterator[HandlerRun]:
    worker = path.name.removesuffix(SUFFIX).rpartition(".")[0]
    lines = list(read_lines(path))
    ends = {line["run"]: line["at"] for line in lines if not line["begins"]}
    for line in lines:
        if line["begins"]:
            yield HandlerRun(
                job_id=line["job"],
                attempt=line["attempt"],
                worker=worker,
                pid=line["pid"],
                started_at=line["at"],
                ended_at=ends.get(line["run"]),
            )
