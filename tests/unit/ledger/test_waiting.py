"""Why a job waits is said in words, with every reason that holds."""

from collections.abc import Sequence

import pytest

from millhand.core.fairness import Caps
from millhand.core.state import FINAL, State
from millhand.ledger.views import Count, JobRow, WorkerView
from millhand.ledger.waiting import QueueLoad, why_waiting
from tests.unit.ledger.makers import at, job, worker

NOW = at(10)


def codes(
    row: JobRow | None = None, load: QueueLoad | None = None, workers: Sequence[WorkerView] | None = None
) -> list[str]:
    found = why_waiting(row or job(), load or QueueLoad(), [worker()] if workers is None else workers, NOW)
    return [reason.code for reason in found]


def test_nothing_keeps_a_ready_job_with_a_free_worker() -> None:
    assert codes() == []


@pytest.mark.parametrize("state", [*sorted(FINAL), State.RUNNING])
def test_a_job_that_does_not_wait_has_no_reasons(state: State) -> None:
    assert codes(job(state=state), QueueLoad(paused=True), []) == []


def test_time() -> None:
    assert codes(job(state=State.SCHEDULED, run_at=at(60))) == ["scheduled"]
    assert codes(job(state=State.RETRYABLE, run_at=at(60), failures=2)) == ["retry"]
    assert codes(job(state=State.RETRYABLE, run_at=at(9))) == ["due"]
    [reason] = why_waiting(
        job(state=State.RETRYABLE, run_at=at(60), failures=2, crashes=1), QueueLoad(), [worker()], NOW
    )
    assert reason.until == at(60)
    assert reason.text.endswith("after 2 of 5 attempts and 1 of 3 crashes")


def test_a_paused_queue_names_the_command_that_resumes_it() -> None:
    [reason] = why_waiting(job(), QueueLoad(paused=True), [worker()], NOW)
    assert (reason.code, reason.text) == ("paused", "queue docs is paused: `millhand queues resume docs`")


@pytest.mark.parametrize(
    ("workers", "code"),
    [
        ([], "no_worker"),
        ([worker(silent=True)], "no_worker"),
        ([worker(queues=("mail",))], "queue_unserved"),
        ([worker(kinds=("other.kind",))], "kind_unserved"),
        ([worker(state="draining")], "draining"),
        ([worker(running=2)], "busy"),
    ],
)
def test_workers(workers: list[WorkerView], code: str) -> None:
    assert codes(workers=workers) == [code]


def test_one_fitting_worker_is_enough() -> None:
    assert codes(workers=[worker(silent=True), worker(kinds=()), worker(running=2), worker()]) == []


def test_quiet_workers_serve_nobody() -> None:
    assert codes(workers=[worker(state="quiet"), worker(state="draining")]) == ["quiet"]
    assert codes(workers=[worker(state="quiet"), worker()]) == []


def test_limits() -> None:
    caps = Caps(queue=3, tenant=2, limit_key=1)
    full = QueueLoad(caps=caps, running=3, running_of_tenant=2, running_of_limit_key=1)
    assert codes(job(limit_key="host-1"), full) == ["cap_queue", "cap_tenant", "cap_limit_key"]
    assert codes(job(), full) == ["cap_queue", "cap_tenant"]
    assert codes(job(), QueueLoad(caps=caps, running=2, running_of_tenant=1)) == []


def test_all_reasons_that_hold_are_told() -> None:
    assert codes(job(state=State.SCHEDULED, run_at=at(60)), QueueLoad(paused=True), []) == [
        "scheduled",
        "paused",
        "no_worker",
    ]


def test_counts_that_were_cut_short_say_so() -> None:
    [reason] = why_waiting(job(), QueueLoad(ready=Count(1_000, more=True)), [worker(running=2)], NOW)
    assert reason.text == "all 2 slots are taken; 1,000+ jobs are ready in queue docs"
