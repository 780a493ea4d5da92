"""Prometheus metrics of one dispatcher, in a registry of its own, so that two in one process do not mix."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from millhand.core.clock import MICROSECONDS
from millhand.core.health import LoopTick
from millhand.core.job import Delivery, NewJob
from millhand.core.ports import QueueStats
from millhand.core.settlement import Settlement
from millhand.telemetry import facts
from millhand.telemetry.durations import Durations
from millhand.telemetry.facts import MetricFacts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of `Metrics.text` (Prometheus text format 0.0.4)."""

_MOST_LABELS = 500
_OTHER = "(other)"


class Gauges(Protocol):
    """Numbers that are read when somebody scrapes, rather than kept."""

    def running(self) -> Mapping[tuple[str, str], int]:
        """How many jobs run, by kind and queue."""
        ...

    def executors(self) -> Mapping[str, int]:
        """How many executors there are, by state."""
        ...

    def loops(self) -> Sequence[LoopTick]:
        """The loops that should turn."""
        ...


class Metrics:
    """What one dispatcher, or one process that sends jobs, has done."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._names = _Names(_MOST_LABELS)
        self._sent = self._counter(facts.JOBS_SENT)
        self._claimed = self._counter(facts.JOBS_CLAIMED)
        self._settled = self._counter(facts.JOBS_SETTLED)
        self._run = self._durations(facts.RUN_SECONDS)
        self._wait = self._durations(facts.WAIT_SECONDS)
        self._refused = self._counter(facts.SETTLEMENTS_REFUSED)
        self._renewed = self._counter(facts.LEASES_RENEWED)
        self._lost = self._counter(facts.LEASES_LOST)
        self._rescued = self._counter(facts.JOBS_RESCUED)
        self._started = self._counter(facts.EXECUTORS_STARTED)
        self._restarts = self._counter(facts.EXECUTOR_RESTARTS)
        self._kills = self._counter(facts.EXECUTOR_KILLS)
        self._writes = self._durations(facts.WRITE_SECONDS)
        self._scraped = _Scraped()
        self.registry.register(self._scraped)
        ProcessCollector(registry=self.registry)

    def watch(self, gauges: Gauges) -> None:
        """Read these gauges from now on whenever somebody scrapes."""
        self._scraped.gauges = gauges

    def sent(self, jobs: Iterable[NewJob]) -> None:
        """Jobs were sent."""
        for job in jobs:
            self._sent.labels(*self._names.bounded(job.kind, job.queue)).inc()

    def claimed(self, deliveries: Iterable[Delivery]) -> None:
        """Jobs were leased."""
        leased: defaultdict[tuple[str, str], list[Delivery]] = defaultdict(list)
        for each in deliveries:
            leased[each.kind, each.queue].append(each)
        for names, some in leased.items():
            labels = self._names.bounded(*names)
            self._claimed.labels(*labels).inc(len(some))
            self._wait.observe(
                labels, [(each.claimed_at - each.available_at) / MICROSECONDS for each in some if each.available_at]
            )

    def settled(self, settlements: Iterable[Settlement]) -> None:
        """Settlements were accepted."""
        ended: defaultdict[tuple[str, str, str], list[Settlement]] = defaultdict(list)
        for each in settlements:
            ended[each.delivery.kind, each.delivery.queue, each.cause].append(each)
        for (kind, queue, cause), some in ended.items():
            labels = self._names.bounded(kind, queue)
            self._settled.labels(*labels, cause).inc(len(some))
            self._run.observe(
                labels, [(each.finished_at - each.started_at) / MICROSECONDS for each in some if each.started_at]
            )

    def settlement_refused(self, settlement: Settlement) -> None:
        """A settlement came too late."""
        delivery = settlement.delivery
        self._refused.labels(*self._names.bounded(delivery.kind, delivery.queue)).inc()

    def leases_renewed(self, count: int) -> None:
        """Leases were renewed."""
        self._renewed.inc(count)

    def lease_lost(self, delivery: Delivery) -> None:
        """A lease ran out although its job was held."""
        self._lost.labels(*self._names.bounded(delivery.kind, delivery.queue)).inc()

    def rescued(self, count: int) -> None:
        """Jobs of vanished workers were offered again."""
        self._rescued.inc(count)

    def executor_started(self) -> None:
        """An executor was started."""
        self._started.inc()

    def executor_recycled(self, reason: str) -> None:
        """An executor retires after so many jobs, so much memory, or so long."""
        self._restarts.labels(f"recycled: {reason}").inc()

    def executor_ended(self, cause: str) -> None:
        """An executor ended before it was told to."""
        self._restarts.labels(cause).inc()

    def executor_killed(self, reason: str) -> None:
        """An executor was killed, for a limit that its job passed."""
        self._kills.labels(reason).inc()

    def wrote(self, seconds: float) -> None:
        """A write transaction of the database took so long."""
        self._writes.observe((), [seconds])

    def queues(self, stats: Sequence[QueueStats], now: int) -> None:
        """How the queues stand at the instant `now`; the last answer is what is scraped."""
        self._scraped.queues = tuple(stats)
        self._scraped.queues_at = now

    @property
    def queue_stats(self) -> tuple[QueueStats, ...]:
        """How the queues stood when they were last looked at."""
        return self._scraped.queues

    def text(self) -> bytes:
        """Everything, in the Prometheus text format."""
        return generate_latest(self.registry)

    def _counter(self, fact: MetricFacts) -> Counter:
        return Counter(fact.name, fact.help, fact.labels, registry=self.registry)

    def _durations(self, fact: MetricFacts) -> Durations:
        made = Durations(fact)
        self.registry.register(made)
        return made


class _Names:
    """Keeps the number of label sets bounded: kinds and queues come from whoever sends jobs."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[tuple[str, str]] = set()

    def bounded(self, kind: str, queue: str) -> tuple[str, str]:
        labels = (kind, queue)
        if labels in self._known:
            return labels
        if len(self._known) >= self._most:
            return (_OTHER, _OTHER)
        self._known.add(labels)
        return labels


class _Scraped(Collector):
    """The gauges."""

    def __init__(self) -> None:
        self.gauges: Gauges | None = None
        self.queues: tuple[QueueStats, ...] = ()
        self.queues_at = 0

    def describe(self) -> list[Metric]:
        """Nothing: what it collects is known when it is scraped."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the gauges."""
        if self.gauges is not None:
            yield _family(facts.JOBS_RUNNING, self.gauges.running().items())
            yield _family(facts.EXECUTORS, (((state,), count) for state, count in self.gauges.executors().items()))
            yield _family(facts.LOOP_AGE, (((tick.name,), tick.age) for tick in self.gauges.loops()))
        yield _family(facts.QUEUE_DEPTH, _depths(self.queues))
        yield _family(facts.QUEUE_OLDEST, (((each.queue,), self._waited(each)) for each in self.queues))
        yield _family(facts.QUEUE_PAUSED, (((each.queue,), int(each.paused)) for each in self.queues))

    def _waited(self, stats: QueueStats) -> float:
        return 0.0 if stats.oldest is None else max(0.0, (self.queues_at - stats.oldest) / MICROSECONDS)


def _depths(queues: Sequence[QueueStats]) -> Iterator[tuple[tuple[str, str], int]]:
    for each in queues:
        yield (each.queue, "available"), each.available
        yield (each.queue, "scheduled"), each.scheduled
        yield (each.queue, "retryable"), each.retryable
        yield (each.queue, "running"), each.running


def _family(fact: MetricFacts, values: Iterable[tuple[Sequence[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(fact.name, fact.help, labels=fact.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family
