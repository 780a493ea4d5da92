"""Measure one queue once: how fast it takes jobs, how fast it runs them, how soon one starts, what idling costs."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import weigh
from bench.queues.contenders import Queue
from bench.queues.stage import Stage, StageError
from bench.results import Measure
from bench.statistics import percentile, rate_after_start

_WARM_UP = 5
_SETTLE_DOWN = 1.0
_MIB = 1 << 20

MEASURES = (
    Measure("enqueue one", "/s", "higher"),
    Measure("enqueue many", "/s", "higher"),
    Measure("drain x1", "/s", "higher"),
    Measure("drain x2", "/s", "higher"),
    Measure("start p50", "ms", "lower"),
    Measure("start p99", "ms", "lower"),
    Measure("idle CPU", "%", "lower"),
    Measure("idle RSS", "MiB", "lower"),
    Measure("idle PSS", "MiB", "lower"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured: numbers of jobs, and seconds."""

    one: int
    many: int
    drain: int
    drain_seconds: float
    paced: int
    per_second: float
    idle_seconds: float


class Measuring:
    """Measures queues in folders under one folder. `addresses` makes an empty server for a queue that needs one."""

    def __init__(self, folder: Path, sizes: Sizes, address: Callable[[Queue], str]) -> None:
        self._folder = folder
        self._sizes = sizes
        self._address = address
        self._numbers = itertools.count(1)

    def measure(self, queue: Queue) -> dict[str, float]:
        """All measures of one repeat, by name."""
        found = {"enqueue one": self._enqueue("one", queue, self._sizes.one)}
        if queue.many:
            found["enqueue many"] = self._enqueue("many", queue, self._sizes.many)
        found["drain x1"] = self._drain(queue, 1)
        found["drain x2"] = self._drain(queue, 2)
        return found | self._idle_and_latency(queue)

    @contextmanager
    def _stage(self, queue: Queue, jobs: int, executors: int = 1) -> Iterator[Stage]:
        place = self._folder / f"{queue.peer}-{next(self._numbers)}"
        yield Stage(queue, place, self._address(queue), jobs, executors=executors)

    def _enqueue(self, how: str, queue: Queue, count: int) -> float:
        with self._stage(queue, count) as stage:
            return stage.drive(how, count=count)["rate"]

    def _drain(self, queue: Queue, executors: int) -> float:
        jobs = self._sizes.drain
        with self._stage(queue, jobs, executors) as stage:
            stage.drive("many", count=jobs)
            with stage.watching(count=jobs, seconds=self._sizes.drain_seconds) as watch, stage.worker():
                end = watch.result()["end"]
            starts = [(mark.started, mark.process) for mark in stage.marks.all() if 0 < mark.started <= end]
            if not starts:
                raise StageError(f"{queue.contender.name}: the worker ran no job\n{stage.said()}")
        return rate_after_start(starts, executors, end)

    def _idle_and_latency(self, queue: Queue) -> dict[str, float]:
        paced = self._sizes.paced
        with self._stage(queue, _WARM_UP + paced) as stage, stage.worker() as programs:
            stage.drive("pace", count=_WARM_UP, per_second=self._sizes.per_second)
            for number in range(_WARM_UP):
                stage.wait_for(number, programs)
            time.sleep(_SETTLE_DOWN)
            before = weigh(programs)
            time.sleep(self._sizes.idle_seconds)
            after = weigh(programs)
            stage.drive("pace", first=_WARM_UP, count=paced, per_second=self._sizes.per_second)
            stage.wait_for(_WARM_UP + paced - 1, programs)
            waits = [1_000 * (mark.started - mark.sent) for mark in stage.marks.all()[_WARM_UP:] if mark.started]
        return {
            "start p50": percentile(waits, 0.5),
            "start p99": percentile(waits, 0.99),
            "idle CPU": 100 * (after.cpu_seconds - before.cpu_seconds) / self._sizes.idle_seconds,
            "idle RSS": after.resident / _MIB,
            "idle PSS": after.proportional / _MIB,
        }
