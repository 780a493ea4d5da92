"""A short run of the chaos, and what its plan and its own judgements promise. `make chaos` runs long ones."""

from pathlib import Path

import pytest

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.evidence import AttemptRow, Evidence, JobRow
from tests.chaos.beds import sqlite_bed
from tests.chaos.driver import run
from tests.chaos.evidence import unexplained
from tests.chaos.plan import PROCESS_FAULTS, make_plan
from tests.chaos.report import breaches, summary


@pytest.mark.timeout(240)
async def test_a_short_run_keeps_every_promise(tmp_path: Path) -> None:
    outcome = await run(sqlite_bed, tmp_path, seed=1, jobs=200)
    assert not outcome.breaches, "\n".join([*summary(outcome), *breaches(outcome)])
    assert len(outcome.evidence.jobs) >= 200
    assert set(outcome.struck.counts) == PROCESS_FAULTS


def test_a_seed_decides_the_whole_plan() -> None:
    assert make_plan(7, 500) == make_plan(7, 500)
    assert make_plan(7, 500).strikes != make_plan(8, 500).strikes


@pytest.mark.parametrize("jobs", [200, 2000])
def test_every_fault_and_every_job_is_in_the_plan(jobs: int) -> None:
    plan = make_plan(1, jobs)
    assert {strike.fault for strike in plan.strikes} == PROCESS_FAULTS
    orders = [order for batch in plan.batches for order in batch.orders]
    assert len({order.id for order in orders}) == jobs
    assert {"chaos.deadly", "chaos.stuck", "chaos.parent"} <= {order.kind for order in orders}


def test_a_crash_is_explained_by_a_fault_or_by_the_job_itself_only() -> None:
    about = {"a": ("chaos.quick", "1"), "b": ("chaos.quick", "2"), "c": ("chaos.deadly", "3")}
    jobs = [JobRow(id=job_id, state=State.COMPLETED, kind=kind) for job_id, (kind, _) in about.items()]
    attempts = [_crash_of(job_id, executor) for job_id, (_, executor) in about.items()]
    evidence = Evidence(history=[], jobs=jobs, attempts=attempts)
    assert [breach.job_id for breach in unexplained(evidence, {"w.1"})] == ["b"]


def _crash_of(job_id: str, executor: str) -> AttemptRow:
    return AttemptRow(
        job_id=job_id,
        fence=1,
        number=1,
        worker="w",
        claimed_at=0,
        finished_at=1,
        state=State.RETRYABLE,
        cause=Cause.CRASHED,
        charge=Charge.CRASH,
        executor=executor,
    )
