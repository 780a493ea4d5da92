"""The metrics: what is counted, what is scraped, and that two dispatchers do not mix."""

from collections.abc import Mapping, Sequence

import pytest
from prometheus_client.parser import text_string_to_metric_families

from millhand.core.health import LoopTick
from millhand.core.job import Delivery, NewJob
from millhand.core.ports import QueueStats
from millhand.core.settlement import Settlement
from millhand.core.state import Cause, State
from millhand.telemetry.facts import describe
from millhand.telemetry.metrics import Metrics

DELIVERY = Delivery(
    receipt=1,
    fence=1,
    job_id="a",
    kind="document.convert",
    args="{}",
    queue="documents",
    available_at=1_000_000,
    claimed_at=3_000_000,
)
DONE = Settlement(
    delivery=DELIVERY, state=State.COMPLETED, cause=Cause.SUCCEEDED, started_at=3_000_000, finished_at=7_500_000
)
JOB = {"kind": "document.convert", "queue": "documents"}


class _Gauges:
    def running(self) -> Mapping[tuple[str, str], int]:
        return {("document.convert", "documents"): 3}

    def executors(self) -> Mapping[str, int]:
        return {"ready": 1, "starting": 2}

    def loops(self) -> Sequence[LoopTick]:
        return [LoopTick("fetcher", 0.5, 10)]


def _value(metrics: Metrics, name: str, labels: Mapping[str, str] | None = None) -> float | None:
    return metrics.registry.get_sample_value(name, dict(labels or {}))


def test_a_job_is_counted_from_send_to_settlement() -> None:
    metrics = Metrics()
    metrics.sent([NewJob(id="a", args="{}", kind="document.convert", queue="documents")])
    metrics.claimed([DELIVERY])
    metrics.settled([DONE])
    metrics.settled([DONE._replace(cause=Cause.FAILED, state=State.RETRYABLE, started_at=None)])
    assert _value(metrics, "millhand_jobs_sent_total", JOB) == 1
    assert _value(metrics, "millhand_jobs_claimed_total", JOB) == 1
    assert _value(metrics, "millhand_jobs_settled_total", {**JOB, "outcome": "succeeded"}) == 1
    assert _value(metrics, "millhand_jobs_settled_total", {**JOB, "outcome": "failed"}) == 1


def test_waits_and_runs_are_seconds() -> None:
    metrics = Metrics()
    metrics.claimed([DELIVERY])
    metrics.settled([DONE])
    assert _value(metrics, "millhand_queue_wait_seconds_sum", JOB) == pytest.approx(2.0)
    assert _value(metrics, "millhand_run_seconds_sum", JOB) == pytest.approx(4.5)


def test_a_clock_that_went_back_gives_no_negative_time() -> None:
    metrics = Metrics()
    metrics.claimed([DELIVERY._replace(claimed_at=500_000)])
    assert _value(metrics, "millhand_queue_wait_seconds_sum", JOB) == 0


def test_leases_executors_and_writes() -> None:
    metrics = Metrics()
    metrics.leases_renewed(4)
    metrics.lease_lost(DELIVERY)
    metrics.settlement_refused(DONE)
    metrics.rescued(2)
    metrics.executor_started()
    metrics.executor_recycled("age")
    metrics.executor_ended("died")
    metrics.executor_killed("memory")
    metrics.wrote(0.004)
    assert _value(metrics, "millhand_lease_renewals_total") == 4
    assert _value(metrics, "millhand_leases_lost_total", JOB) == 1
    assert _value(metrics, "millhand_settlements_refused_total", JOB) == 1
    assert _value(metrics, "millhand_jobs_rescued_total") == 2
    assert _value(metrics, "millhand_executors_started_total") == 1
    assert _value(metrics, "millhand_executor_restarts_total", {"cause": "recycled: age"}) == 1
    assert _value(metrics, "millhand_executor_restarts_total", {"cause": "died"}) == 1
    assert _value(metrics, "millhand_executor_kills_total", {"reason": "memory"}) == 1
    assert _value(metrics, "millhand_database_write_seconds_count") == 1


def test_gauges_are_read_when_scraped() -> None:
    metrics = Metrics()
    assert _value(metrics, "millhand_executors", {"state": "ready"}) is None
    metrics.watch(_Gauges())
    metrics.queues([QueueStats(queue="documents", available=7, oldest=1_000_000, paused=True)], now=6_000_000)
    assert _value(metrics, "millhand_jobs_running", JOB) == 3
    assert _value(metrics, "millhand_executors", {"state": "starting"}) == 2
    assert _value(metrics, "millhand_loop_age_seconds", {"loop": "fetcher"}) == 0.5
    assert _value(metrics, "millhand_queue_jobs", {"queue": "documents", "state": "available"}) == 7
    assert _value(metrics, "millhand_queue_oldest_seconds", {"queue": "documents"}) == 5
    assert _value(metrics, "millhand_queue_paused", {"queue": "documents"}) == 1


def test_two_dispatchers_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.claimed([DELIVERY])
    assert _value(other, "millhand_jobs_claimed_total", JOB) is None


def test_names_from_outside_can_not_fill_the_memory() -> None:
    metrics = Metrics()
    metrics.sent(NewJob(id="a", args="{}", kind=f"made.up{number}") for number in range(2_000))
    assert metrics.text().count(b"\nmillhand_jobs_sent_total{") == 501
    assert _value(metrics, "millhand_jobs_sent_total", {"kind": "(other)", "queue": "(other)"}) == 1_500


def _ours(name: str) -> bool:
    return name.startswith("millhand_") and not name.endswith("_created")  # the client adds when each was created


def test_every_fact_is_scraped_under_its_name_and_nothing_else() -> None:
    metrics = Metrics()
    metrics.watch(_Gauges())
    families = {family.name: family for family in text_string_to_metric_families(metrics.text().decode())}
    ours = {name: family for name, family in families.items() if _ours(name)}
    facts = {fact.name.removesuffix("_total"): fact for fact in describe()}
    assert ours.keys() == facts.keys()
    for name, fact in facts.items():
        assert ours[name].type == fact.type
        assert ours[name].documentation == fact.help
        assert fact.help.endswith(".")
