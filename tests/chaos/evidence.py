"""Gather what a run left behind: the histories, the ledger's rows, and what the handlers wrote down."""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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
class Gathered:
    """The evidence of a run, and breaches that showed while it was put together."""

    evidence: Evidence
    breaches: list[Breach]


class Records(Protocol):
    """What the place where the jobs waited can tell of a run, once no fault strikes any more."""

    async def is_done(self) -> bool:
        """Whether every job is final."""
        ...

    async def evidence(self, folder: Path) -> Gathered:
        """All that is known of the run in this folder; its processes must have ended."""
        ...


class SqlRecords:
    """The rows of our own ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_done(self) -> bool:
        """Whether every job is final."""
        live = sa.select(jobs.c.id).where(jobs.c.state.not_in([state.value for state in FINAL])).limit(1)
        return await self._database.read(lambda connection: connection.execute(live).first() is None)

    async def evidence(self, folder: Path) -> Gathered:
        """The rows, the histories, and the handlers' own words."""
        read = self._database.read
        evidence = Evidence(
            history=read_history(folder / "history"),
            jobs=await read(lambda connection: [_job(row) for row in connection.execute(sa.select(jobs))]),
            attempts=await read(lambda connection: [_attempt(row) for row in connection.execute(_ATTEMPTS)]),
            runs=handler_runs(folder),
        )
        return Gathered(evidence, [])


@asynccontextmanager
async def open_records(url: str) -> AsyncGenerator[SqlRecords]:
    """The ledger at a URL."""
    database = Database.at(url, clock=SystemClock())
    await database.open()
    try:
        yield SqlRecords(database)
    finally:
        await database.close()


def handler_runs(folder: Path) -> list[HandlerRun]:
    """The calls of handlers in our own executors."""
    return [run for path in _run_files(folder) for run in _runs(path)]


def repeated_runs(folder: Path) -> int:
    """How many handlers returned for a job for which one had returned before."""
    returned = Counter(
        line["job"] for path in _run_files(folder) for line in read_lines(path) if line.get("how") == "returned"
    )
    return sum(count - 1 for count in returned.values())


def unexplained(evidence: Evidence, killed_executors: set[str]) -> Iterator[Breach]:
    """Jobs that were charged the death of an executor which neither a fault nor the job itself brought about."""
    kinds = {job.id: job.kind for job in evidence.jobs}
    for row in evidence.attempts:
        executor = f"{row.worker}.{row.executor}"
        charged = row.charge is Charge.CRASH and not row.rescued
        if charged and executor not in killed_executors and kinds.get(row.job_id) not in SELF_KILLING:
            yield Breach("crash charged", row.job_id, f"{executor} was not killed by any fault")


_ATTEMPTS = sa.select(attempts, jobs.c.id).join(jobs, jobs.c.seq == attempts.c.job)


def _job(row: sa.Row) -> JobRow:
    return JobRow(
        id=row.id,
        state=State(row.state),
        kind=row.kind,
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
        executor=row.executor,
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
