"""The web bench: pages and lists over a long ledger on each database, jobs sent over HTTP, streams; and the peers."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench.machine import DISK
from bench.results import Contender, Measure, Results
from bench.statistics import percentile
from bench.web.addresses import Address, addresses
from bench.web.client import AnswerError, Client
from bench.web.load import cost_of_streams, sent_each_second
from bench.web.site import NotServedError, Site, served
from bench.web.store import postgres_store, sqlite_store
from millhand.core.errors import MillhandError

_MS = 1_000
_CLIENTS = (1, 8)
_LIST, _LATER = "/jobs: newest", "/jobs: later pages"
_ENGINES: Mapping[str, Callable[[int], AbstractContextManager[str]]] = {
    "SQLite": lambda jobs: nullcontext(sqlite_store(jobs)),
    "PostgreSQL": postgres_store,
}
MEASURES = (
    *(Measure(f"{what} {share}", "ms", "lower") for what in ("job list", "later page") for share in ("p50", "p95")),
    Measure("worst p95", "ms", "lower"),
    *(Measure(f"send x{clients}", "/s", "higher") for clients in _CLIENTS),
    Measure("stream", "MiB", "lower"),
    Measure("all streams", "% CPU", "lower"),
)
PAGES = tuple(Measure(f"{name} {share}", "ms", "lower") for name in _ENGINES for share in ("p50", "p95"))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many jobs the ledger holds, how often each address is asked, for how many seconds jobs are sent.

    And how many streams are open, and for how many seconds they are watched.
    """

    jobs: int
    requests: int
    sending: float
    streams: int
    watching: float


FULL = Sizes(jobs=1_000_000, requests=30, sending=5.0, streams=200, watching=8.0)
QUICK = Sizes(jobs=50_000, requests=10, sending=1.5, streams=200, watching=3.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A site of ours over a long ledger, and folders that are used once."""

    engine: str
    database: str
    site: Site
    folder: Path

    @property
    def contender(self) -> Contender:
        """Its name in the tables."""
        return Contender(f"millhand on {self.engine}", f"`millhand serve`, {self.engine} with its defaults, fsync on")


def run(sizes: Sizes, repeats: int, only: Sequence[str]) -> list[Results]:
    """Measure all; the pages by themselves, and the whole beside peers."""
    pages = Results("Pages and lists over a long ledger", PAGES, notes=[_note(sizes)])
    whole = Results("The web beside its peers", MEASURES)
    for engine, store in _ENGINES.items():
        if only and not any(name in f"millhand on {engine}" for name in only):
            continue
        try:
            with store(sizes.jobs) as database, _place(engine, database) as place:
                for repeat in range(repeats):
                    print(f"bench: the web on {engine}, repeat {repeat + 1} of {repeats}", file=sys.stderr)
                    _measure(place, sizes, pages, whole)
        except (AnswerError, NotServedError, MillhandError, FileNotFoundError) as error:
            pages.absent[f"millhand on {engine}"] = str(error)
    return [pages, whole]


@contextmanager
def _place(engine: str, database: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="millhand-bench-", dir=DISK) as name:
        folder = Path(name)
        with served(database, folder / "site") as site:
            yield Place(engine, database, site, folder)


def _measure(place: Place, sizes: Sizes, pages: Results, whole: Results) -> None:
    """One repeat."""
    worst = 0.0
    with Client(place.site.url) as client:
        for address in addresses(client, sizes.jobs):
            p50, p95 = _latency(client, address, sizes.requests)
            worst = max(worst, p95)
            pages.add(Contender(address.name, ""), {f"{place.engine} p50": p50, f"{place.engine} p95": p95})
            if name := {_LIST: "job list", _LATER: "later page"}.get(address.name):
                whole.add(place.contender, {f"{name} p50": p50, f"{name} p95": p95})
    sent = {f"send x{number}": sent_each_second(place.site.url, number, sizes.sending) for number in _CLIENTS}
    with tempfile.TemporaryDirectory(prefix="worker-", dir=place.folder) as folder:
        streams = cost_of_streams(place.site, place.database, Path(folder), sizes.streams, sizes.watching)
    told = {"stream": streams.mib_each, "all streams": streams.percent}
    whole.add(place.contender, {"worst p95": worst, **sent, **told})


def _latency(client: Client, address: Address, requests: int) -> tuple[float, float]:
    """The median and the 95th percentile, in milliseconds, once each path was asked."""
    paths = address.some(requests)
    for path in sorted(set(paths))[: requests // 3]:
        client.get(path)
    taken = [_MS * client.get(path).seconds for path in paths]
    return percentile(taken, 0.50), percentile(taken, 0.95)


def _note(sizes: Sizes) -> str:
    return (
        f"{sizes.jobs:,} jobs with {10 * sizes.jobs:,} events, asked {sizes.requests} times for each line by one client"
        " over HTTP on a connection that it keeps. `/` paths are pages, `/v1` the API."
    )
