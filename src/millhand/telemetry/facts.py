"""The metrics as data: names, types, labels and meaning. The metrics are made from this table, and so is their page."""

from dataclasses import dataclass
from typing import Literal

_WAITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
_RUNS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_WRITES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """One metric, by the name under which it is scraped. `buckets` are the upper bounds of a histogram, in seconds."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


JOBS_SENT = MetricFacts(
    "millhand_jobs_sent_total", "counter", "Jobs that this process sent to the broker.", ("kind", "queue")
)
JOBS_CLAIMED = MetricFacts("millhand_jobs_claimed_total", "counter", "Jobs that this worker leased.", ("kind", "queue"))
JOBS_SETTLED = MetricFacts(
    "millhand_jobs_settled_total",
    "counter",
    "Accepted settlements, by how the attempt ended.",
    ("kind", "queue", "outcome"),
)
JOBS_RUNNING = MetricFacts("millhand_jobs_running", "gauge", "Jobs whose handler runs now.", ("kind", "queue"))
RUN_SECONDS = MetricFacts("millhand_run_seconds", "histogram", "How long handlers ran.", ("kind", "queue"), _RUNS)
WAIT_SECONDS = MetricFacts(
    "millhand_queue_wait_seconds",
    "histogram",
    "How long jobs were ready before they were leased.",
    ("kind", "queue"),
    _WAITS,
)
SETTLEMENTS_REFUSED = MetricFacts(
    "millhand_settlements_refused_total",
    "counter",
    "Settlements that the broker refused, since the lease was lost.",
    ("kind", "queue"),
)
LEASES_RENEWED = MetricFacts("millhand_lease_renewals_total", "counter", "Leases that were renewed.")
LEASES_LOST = MetricFacts(
    "millhand_leases_lost_total", "counter", "Leases that ran out while a job was held.", ("kind", "queue")
)
JOBS_RESCUED = MetricFacts(
    "millhand_jobs_rescued_total", "counter", "Jobs of vanished workers that this worker offered again."
)
EXECUTORS = MetricFacts("millhand_executors", "gauge", "Executors, by state.", ("state",))
EXECUTORS_STARTED = MetricFacts("millhand_executors_started_total", "counter", "Executors that were started.")
EXECUTOR_RESTARTS = MetricFacts(
    "millhand_executor_restarts_total", "counter", "Executors that had to be replaced, by cause.", ("cause",)
)
EXECUTOR_KILLS = MetricFacts(
    "millhand_executor_kills_total", "counter", "Executors that were killed on purpose, by reason.", ("reason",)
)
LOOP_AGE = MetricFacts(
    "millhand_loop_age_seconds", "gauge", "Seconds since each of the worker's loops last turned.", ("loop",)
)
QUEUE_DEPTH = MetricFacts("millhand_queue_jobs", "gauge", "Jobs in each queue, by state.", ("queue", "state"))
QUEUE_OLDEST = MetricFacts(
    "millhand_queue_oldest_seconds", "gauge", "How long the longest-waiting ready job has waited.", ("queue",)
)
QUEUE_PAUSED = MetricFacts("millhand_queue_paused", "gauge", "1 for a paused queue, else 0.", ("queue",))
WRITE_SECONDS = MetricFacts(
    "millhand_database_write_seconds",
    "histogram",
    "How long a write transaction took, its wait for the writer included.",
    (),
    _WRITES,
)

FACTS: tuple[MetricFacts, ...] = (
    JOBS_SENT,
    JOBS_CLAIMED,
    JOBS_SETTLED,
    JOBS_RUNNING,
    RUN_SECONDS,
    WAIT_SECONDS,
    SETTLEMENTS_REFUSED,
    LEASES_RENEWED,
    LEASES_LOST,
    JOBS_RESCUED,
    EXECUTORS,
    EXECUTORS_STARTED,
    EXECUTOR_RESTARTS,
    EXECUTOR_KILLS,
    LOOP_AGE,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    QUEUE_PAUSED,
    WRITE_SECONDS,
)


def describe() -> tuple[MetricFacts, ...]:
    """Every metric of millhand's own, for the reference page. Those of the Prometheus client come beside."""
    return FACTS
