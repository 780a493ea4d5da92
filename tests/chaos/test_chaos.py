"""A short run of the chaos, and what its plan and its own judgements promise. `make chaos` runs long ones."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.evidence import AttemptRow, Evidence, JobRow
from tests.chaos.beds import OpenBed, sqlite_bed
from tests.chaos.driver import run
from tests.chaos.evidence import unexplained
from tests.chaos.pgboss import pgboss_bed
from tests.chaos.plan import PROCESS_FAULTS, Fault, make_plan
from tests.chaos.postgres import postgres_bed
from tests.chaos.report import breaches, summary

pytestmark = pytest.mark.usefixtures("uncounted")

# The faults of processes are struck on SQLite; elsewhere those come first that only that place knows.
_OF_A_SERVER = frozenset({Fault.CRASH_SERVER, Fault.END_SESSIONS, Fault.STALL_NETWORK, Fault.KILL_DISPATCHER})
_OF_A_PGBOSS = frozenset({Fault.CRASH_SERVER, Fault.END_SESSIONS, Fault.KILL_COMPETITOR, Fault.KILL_DISPATCHER})


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder into which another user may look, as whom a server runs; that of pytest is closed."""
    with tempfile.TemporaryDirectory(prefix="millhand-chaos-", ignore_cleanup_errors=True) as place:
        yield Path(place)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("open_bed", "jobs", "faults"),
    [
        pytest.param(sqlite_bed, 200, PROCESS_FAULTS, id="sqlite"),
        pytest.param(postgres_bed, 150, _OF_A_SERVER, id="postgres"),
        pytest.param(pgboss_bed, 150, _OF_A_PGBOSS, id="pgboss"),
    ],
)
async def test_a_short_run_keeps_every_promise(
    folder: Path, open_bed: OpenBed, jobs: int, faults: frozenset[Fault]
) -> None:
    outcome = await run(open_bed, folder, seed=1, jobs=jobs, only=faults)
    assert not outcome.breaches, "\n".join([*summary(outcome), *breaches(outcome)])
    assert len(outcome.evidence.jobs) >= jobs
    assert set(outcome.struck.counts) == faults


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
