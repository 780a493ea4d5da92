"""Measure one way of converting: time for a one-page document, documents a second two at a time, memory."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.documents.converters.converter import Converter
from bench.documents.memory import watched
from bench.results import Measure
from bench.statistics import percentile

AT_ONCE = 2
_MIB = 1 << 20

MEASURES = (
    Measure("ready", "s", "lower"),
    Measure("one page p50", "ms", "lower"),
    Measure("one page p95", "ms", "lower"),
    Measure("two at a time", "/s", "higher"),
    Measure("a document's PSS", "MiB", "lower"),
    Measure("all PSS", "MiB", "lower"),
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many documents: one after another, two at a time, and while memory is watched."""

    single: int
    parallel: int
    weighed: int


class NoPdfError(Exception):
    """A converter wrote no PDF."""


class Measuring:
    """Measures converters with one document, into one folder."""

    def __init__(self, document: Path, folder: Path, sizes: Sizes) -> None:
        self._document = document
        self._folder = folder
        self._sizes = sizes
        self._numbers = itertools.count(1)

    def measure(self, converter: Converter) -> dict[str, float]:
        """All measures of one repeat, by name; starts the converter."""
        began = time.perf_counter()
        converter.start()
        self._convert(converter)
        ready = time.perf_counter() - began
        times = [self._convert(converter) for _ in range(self._sizes.single)]
        rate = self._rate(converter)
        with watched() as peak:
            self._several(converter, self._sizes.weighed)
        return {
            "ready": ready,
            "one page p50": 1_000 * percentile(times, 0.5),
            "one page p95": 1_000 * percentile(times, 0.95),
            "two at a time": rate,
            "a document's PSS": peak.one / _MIB,
            "all PSS": peak.all / _MIB,
        }

    def _rate(self, converter: Converter) -> float:
        self._several(converter, AT_ONCE)  # so that a second server is warm
        began = time.perf_counter()
        self._several(converter, self._sizes.parallel)
        return self._sizes.parallel / (time.perf_counter() - began)

    def _several(self, converter: Converter, count: int) -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda _: self._convert(converter), range(count)))

    def _convert(self, converter: Converter) -> float:
        target = self._folder / f"{next(self._numbers)}.pdf"
        began = time.perf_counter()
        converter.convert(self._document, target)
        taken = time.perf_counter() - began
        if not target.is_file():
            raise NoPdfError(converter.contender.name)
        target.unlink()
        return taken
