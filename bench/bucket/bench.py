"""The bucket bench: documents drained by each way in turn, and what the ways ask of a bucket where nothing comes."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.bucket.contenders import OURS, PLAIN, STRAIGHT, NotDoneError, Place, plain_loop, straight, workers
from bench.bucket.meter import Meter
from bench.environment import ROOT
from bench.machine import folder_on_disk
from bench.results import Contender, Measure, Results
from millhand.testing.s3 import S3Server, s3_program, s3_server

_DOCUMENT = ROOT / "src" / "millhand" / "demo" / "samples" / "registration-form.docx"
_WORKERS = (1, 2)
_CALLS = ("list", "get", "put")
_MINUTE = 60.0
MEASURES = (
    *(Measure(f"drain x{number}", "/s", "higher") for number in _WORKERS),
    *(Measure(f"overhead x{number}", "ms", "lower") for number in _WORKERS),
    Measure("requests", "/document", "lower"),
    *(Measure(f"idle {kind}s", "/min", "lower") for kind in _CALLS),
)

Way = Callable[[Place], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many documents are drained; for how many seconds idling is watched, and for how many before it is not."""

    documents: int
    idle: float
    settle: float


FULL = Sizes(documents=200, idle=60.0, settle=30.0)
QUICK = Sizes(documents=12, idle=12.0, settle=8.0)


@dataclass(frozen=True, slots=True)
class Drained:
    """How many documents came a second, and how many requests went for each."""

    rate: float
    requests: float


class Measuring:
    """Measures on one server, in folders and buckets of which each is used once."""

    def __init__(self, server: S3Server, folder: Path, sizes: Sizes) -> None:
        self._server = server
        self._folder = folder
        self._sizes = sizes
        self._numbers = count(1)

    def measure(self) -> dict[Contender, dict[str, float]]:
        """The values of one repeat."""
        base = {number: self._straight(number) for number in _WORKERS}
        ours = {number: self._drain(lambda place, number=number: workers(place, number), number) for number in _WORKERS}
        plain = {1: self._drain(plain_loop, 1)}
        return {
            OURS: {**_values(ours), **_overheads(ours, base)},
            STRAIGHT: {f"drain x{number}": rate for number, rate in base.items()},
            PLAIN: _values(plain),
        }

    def idle(self) -> dict[Contender, dict[str, float]]:
        """What is asked of a bucket where nothing comes: the same each time, so once is enough."""
        return {OURS: self._idle(lambda place: workers(place, 1)), PLAIN: self._idle(plain_loop)}

    def _straight(self, number: int) -> float:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return _rate(straight(_DOCUMENT, folder, self._sizes.documents, number), number)

    def _drain(self, way: Way, number: int) -> "Drained":
        with self._place() as place:
            place.fill(_DOCUMENT, self._sizes.documents)
            with way(place):
                times = place.wait_for(self._sizes.documents)
            between = [each for each in place.meter.requests if times[0] <= each.at < times[-1]]
            return Drained(_rate(times, number), len(between) / (len(times) - 1))

    def _idle(self, way: Way) -> dict[str, float]:
        with self._place() as place:
            place.fill(_DOCUMENT, 1)
            with way(place):
                place.wait_for(1)
                time.sleep(self._sizes.settle)
                before = len(place.meter.requests)
                time.sleep(self._sizes.idle)
                seen = [each.kind for each in place.meter.requests[before:]]
        return {f"idle {kind}s": seen.count(kind) * _MINUTE / self._sizes.idle for kind in _CALLS}

    @contextmanager
    def _place(self) -> Iterator[Place]:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        with Meter(self._server.ports["s3"]) as meter:
            yield Place(self._server, self._server.fresh(), meter, folder)


def run(sizes: Sizes, repeats: int) -> Results:
    """Measure all ways."""
    results = Results("Documents from a bucket", MEASURES, notes=[_note(sizes, repeats)])
    program = s3_program()
    if program is None:
        results.absent["all"] = "SeaweedFS is not installed (scripts/setup dev)"
        return results
    with folder_on_disk() as folder, s3_server(folder / "server", program) as server:
        measuring = Measuring(server, folder, sizes)
        for repeat in range(repeats):
            print(f"bench: documents from a bucket, repeat {repeat + 1} of {repeats}", file=sys.stderr)
            _add(measuring.measure, results)
        _add(measuring.idle, results)
    return results


def _add(measure: Callable[[], dict[Contender, dict[str, float]]], results: Results) -> None:
    try:
        for contender, values in measure().items():
            results.add(contender, values)
    except NotDoneError as error:
        results.absent["a repeat"] = str(error)


def _rate(times: Sequence[float], at_once: int) -> float:
    """Documents a second once each worker has done its first one, so that no start is in it."""
    ordered = sorted(times)
    first, rest = ordered[at_once - 1], ordered[at_once:]
    return len(rest) / (rest[-1] - first)


def _values(drained: Mapping[int, Drained]) -> dict[str, float]:
    rates = {f"drain x{number}": one.rate for number, one in drained.items()}
    return rates | {"requests": drained[1].requests}


def _overheads(drained: Mapping[int, Drained], base: Mapping[int, float]) -> dict[str, float]:
    """Milliseconds that a document takes a worker longer than straight."""
    return {f"overhead x{number}": 1_000 * number * (1 / drained[number].rate - 1 / base[number]) for number in drained}


def _note(sizes: Sizes, repeats: int) -> str:
    return (
        f"{repeats} repeats with {sizes.documents} times {_DOCUMENT.name} (one page), in a SeaweedFS on the same "
        f"machine, whose work is in the numbers. Idling was watched for {sizes.idle:g} s, {sizes.settle:g} s after the "
        "last document."
    )
