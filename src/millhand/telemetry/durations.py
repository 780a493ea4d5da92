"""A histogram that takes many values at once: the client's own needs longer for one than a dispatcher has for a job."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from millhand.telemetry.facts import MetricFacts


class Durations(Collector):
    """Counts durations by labels and upper bounds. Used by one thread."""

    def __init__(self, fact: MetricFacts) -> None:
        self._fact = fact
        self._bounds = (*fact.buckets, float("inf"))
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, labels: tuple[str, ...], seconds: Iterable[float]) -> None:
        """These took so long; a clock that went back gives no negative time."""
        counts = self._counts.setdefault(labels, [0] * len(self._bounds))
        total = 0.0
        for each in seconds:
            took = max(0.0, each)
            counts[bisect_left(self._bounds, took)] += 1
            total += took
        self._sums[labels] = self._sums.get(labels, 0.0) + total

    def describe(self) -> list[Metric]:
        """Its name, so that no other metric takes it."""
        return [self._family()]

    def collect(self) -> Iterator[Metric]:
        """What was observed so far."""
        family = self._family()
        names = [*map(str, map(float, self._fact.buckets)), "+Inf"]
        for labels, counts in self._counts.items():
            family.add_metric(labels, list(zip(names, accumulate(counts), strict=True)), self._sums[labels])
        yield family

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._fact.name, self._fact.help, labels=self._fact.labels)
