"""Gather what a run left behind: the histories, the ledger's rows, and what the handlers wrote down."""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from millhand.core.clock import SystemClock
from millhand.core.settlement import Charge
from millhand.core.state import FINAL, Cause, State
from millhand.database import Database
from millhand.database.tables import attempts, jobs
from millhand.testing.evidence import AttemptRow, Breach, Evidence, HandlerRun, JobRow
from millhand.testing.history import SUFFIX, read_history, read_lines
from tests.chaos.app import SELF_KILLING


@dataclass(frozen=True, slots=True)
class Crash:
    """A crash that a job was charged because its executor died."""

    job_id: str
    kind: str
    executor: str


class Ledger:
    """What the database says of a run. All of it may be asked once no fault strikes any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_done(self) -> bool:
        """Whether every job is final."""
        live = sa.select(jobs.c.id).where(jobs.c.state.not_in([state.value for state in FINAL])).limit(1)
        return await self._database.read(lambda connection: connection.execute(live).first() is None)

    async def jobs(self) -> list[JobRow]:
        """All jobs."""
        return await self._database.read(lambda connection: [_job(row) for row in connection.execute(sa.select(jobs))])

    async def attempts(self) -> list[AttemptRow]:
        """All attempts."""
        return await self._database.read(lambda connection: [_attempt(row) for row in connection.execute(_ATTEMPTS)])

    async def crashes(self) -> list[Crash]:
        """The crashes that were seen by the executor's own dispatcher."""

        def read(connection: sa.Connection) -> list[Crash]:
            return [Crash(row.id, row.kind, f"{row.worker}.{row.executor}") for row in connection.execute(_CRASHES)]

        return await self._database.read(read)


@asynccontextmanager
async def open_ledger(url: str) -> AsyncGenerator[Ledger]:
    """The ledger at a URL."""
    database = Database.at(url, clock=SystemClock())
    await database.open()
    try:
        yield Ledger(database)
    finally:
        await database.close()


async def evidence_of(folder: Path, ledger: Ledger) -> Evidence:
    """All that is known of the run in this folder; its processes must have ended."""
    return Evidence(
        history=read_history(folder / "history"),
        jobs=await ledger.jobs(),
        attempts=await ledger.attempts(),
        runs=[run for path in _run_files(folder) for run in _runs(path)],
    )


def repeated_runs(folder: Path) -> int:
    """How many handlers returned for a job for which one had returned before."""
    returned = Counter(
        line["job"] for path in _run_files(folder) for line in read_lines(path) if line.get("how") == "returned"
    )
    return sum(count - 1 for count in returned.values())


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
