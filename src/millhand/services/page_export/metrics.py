"""The metrics that the original worker names in its documents, beside millhand's own."""

from collections.abc import Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from millhand.core.clock import MICROSECONDS
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import State
from millhand.services.page_export.job import KIND
from millhand.telemetry.facts import MetricFacts
from millhand.telemetry.metrics import Metrics

PROCESSED = MetricFacts(
    "awm_jobs_processed_total", "counter", "Export jobs that ended for good, whether they succeeded or not."
)
BY_STATUS = MetricFacts(
    "export_jobs_processed_total", "counter", "Attempts at export jobs, by how they ended.", ("status",)
)
DURATION = MetricFacts(
    "export_job_duration_seconds", "histogram", "How long attempts took.", buckets=(5, 10, 30, 60, 120, 300)
)
DEPTH = MetricFacts("export_queue_depth", "gauge", "Export jobs that wait in the queue.")
FACTS = (PROCESSED, BY_STATUS, DURATION, DEPTH)

_STATUS = {
    State.COMPLETED: "success",
    State.DISCARDED: "failed",
    State.CANCELLED: "cancelled",
    State.RETRYABLE: "retried",
}


class ExportMetrics:
    """An observer that counts."""

    def __init__(self, metrics: Metrics) -> None:
        registry = metrics.registry
        self._processed = Counter(PROCESSED.name, PROCESSED.help, registry=registry)
        self._by_status = Counter(BY_STATUS.name, BY_STATUS.help, BY_STATUS.labels, registry=registry)
        self._duration = Histogram(DURATION.name, DURATION.help, registry=registry, buckets=DURATION.buckets)
        for status in _STATUS.values():
            self._by_status.labels(status)
        registry.register(_Depth(metrics))

    def began(self, delivery: Delivery, at: int) -> None:
        """Nothing is counted yet."""

    async def failing(self, settlement: Settlement) -> None:
        """It counts when it is settled."""

    async def given_up(self, standing: Standing) -> None:
        """It counts what ended here."""

    def settled(self, settlement: Settlement) -> None:
        """Count an attempt."""
        status = _STATUS.get(settlement.state)
        if settlement.delivery.kind != KIND or status is None:
            return
        self._by_status.labels(status).inc()
        if settlement.state is not State.RETRYABLE:
            self._processed.inc()
        if settlement.started_at is not None:
            self._duration.observe(max(0, settlement.finished_at - settlement.started_at) / MICROSECONDS)


class _Depth(Collector):
    """How many jobs wait, as the worker saw the queues last."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> list[Metric]:
        """Its name is in the table above."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read it."""
        queues = [each for each in self._metrics.queue_stats if each.queue == KIND]
        depth = sum(each.available + each.scheduled + each.retryable for each in queues)
        yield GaugeMetricFamily(DEPTH.name, DEPTH.help, value=depth)
