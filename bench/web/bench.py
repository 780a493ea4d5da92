"""The web bench: pages and lists over a long ledger on each database, jobs sent over HTTP, streams; and the peers."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from bench.environment import ensure
from bench.machine import folder_on_disk
from bench.results import Contender, Measure, Results
from bench.servers import ServerMissingError
from bench.statistics import percentile
from bench.web.addresses import Address, addresses
from bench.web.client import AnswerError, Client
from bench.web.load import OURS, Order, cost_of_streams, sent_each_second
from bench.web.peers import Dashboard, flower, pgboss, view
from bench.web.site import NotServedError, Site, served
from bench.web.store import postgres_store, sqlite_store
from millhand.core.errors import MillhandError

_MS = 1_000
_CLIENTS = (1, 8)
_TROUBLE = (AnswerError, NotServedError, ServerMissingError, MillhandError, OSError, subprocess.SubprocessError)
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

    And how many streams are open, for how many seconds they are watched, and how many tasks Flower knows of.
    """

    jobs: int
    requests: int
    sending: float
    streams: int
    watching: float
    tasks: int


FULL = Sizes(jobs=1_000_000, requests=30, sending=3.0, streams=200, watching=5.0, tasks=100_000)
QUICK = Sizes(jobs=50_000, requests=10, sending=1.5, streams=200, watching=3.0, tasks=5_000)


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
        with _chosen(f"millhand on {engine}", only, whole) as chosen:
            if chosen:
                with store(sizes.jobs) as database, _place(engine, database) as place:
                    _repeat(engine, repeats, lambda place=place: _measure(place, sizes, pages, whole))
    for contender, opened in _peers(sizes):
        with _chosen(contender.name, only, whole) as chosen, folder_on_disk() as folder:
            if chosen:
                ensure()
                with opened(folder) as peer:
                    _repeat(
                        contender.name,
                        repeats,
                        lambda peer=peer, who=contender: whole.add(who, _measure_peer(peer, sizes)),
                    )
    return [pages, whole]


def _peers(sizes: Sizes) -> Sequence[tuple[Contender, Callable[[Path], AbstractContextManager[Dashboard]]]]:
    flowers = (
        f"with Celery on Redis, {sizes.tasks:,} tasks in its memory, by its own file; a view is the page and its rows"
    )
    bosses = f"its dashboard over {sizes.jobs:,} jobs on PostgreSQL (fsync on)"
    return [
        (Contender("flower", flowers, "millhand on SQLite"), lambda folder: flower(folder, sizes.tasks)),
        (Contender("pg-boss", bosses, "millhand on PostgreSQL"), lambda folder: pgboss(folder, sizes.jobs)),
    ]


@contextmanager
def _chosen(name: str, only: Sequence[str], results: Results) -> Iterator[bool]:
    """Whether a contender takes part; what keeps it from doing so is noted."""
    try:
        yield not only or any(part in name for part in only)
    except _TROUBLE as error:
        results.absent[name] = str(error)


def _repeat(name: str, repeats: int, measure: Callable[[], None]) -> None:
    for repeat in range(repeats):
        print(f"bench: the web, {name}, repeat {repeat + 1} of {repeats}", file=sys.stderr)
        measure()


def _measure_peer(peer: Dashboard, sizes: Sizes) -> Mapping[str, float]:
    """One repeat of what can be asked of others."""
    with Client(peer.url) as client:
        values = {
            **_shares("job list", [view(client, addresses) for addresses in _some(peer.newest, sizes.requests)]),
            **_shares("later page", [view(client, addresses) for addresses in _some(peer.later, sizes.requests)]),
        }
    return {**values, **(_sent(peer.url, peer.send, sizes) if peer.send else {})}


def _some(views: Sequence[Sequence[str]], count: int) -> Sequence[Sequence[str]]:
    return list(islice(cycle(views), count))


def _sent(url: str, order: Order, sizes: Sizes) -> Mapping[str, float]:
    return {f"send x{number}": sent_each_second(url, order, number, sizes.sending) for number in _CLIENTS}


def _shares(name: str, seconds: Sequence[float]) -> Mapping[str, float]:
    return {f"{name} p50": _MS * percentile(seconds, 0.50), f"{name} p95": _MS * percentile(seconds, 0.95)}


@contextmanager
def _place(engine: str, database: str) -> Iterator[Place]:
    with folder_on_disk() as folder, served(database, folder / "site") as site:
        yield Place(engine, database, site, folder)


def _measure(place: Place, sizes: Sizes, pages: Results, whole: Results) -> None:
    """One repeat."""
    worst = 0.0
    with Client(place.site.url) as client:
        for address in addresses(client, sizes.jobs):
            taken = _taken(client, address, sizes.requests)
            told = _shares(place.engine, taken)
            pages.add(Contender(address.name, ""), told)
            worst = max(worst, told[f"{place.engine} p95"])
            if name := {_LIST: "job list", _LATER: "later page"}.get(address.name):
                whole.add(place.contender, _shares(name, taken))
    with tempfile.TemporaryDirectory(prefix="worker-", dir=place.folder) as folder:
        streams = cost_of_streams(place.site, place.database, Path(folder), sizes.streams, sizes.watching)
    costs = {"stream": streams.mib_each, "all streams": streams.percent}
    whole.add(place.contender, {"worst p95": worst, **_sent(place.site.url, OURS, sizes), **costs})


def _taken(client: Client, address: Address, requests: int) -> Sequence[float]:
    """The seconds that each of so many requests took, after a few that don't count."""
    paths = address.some(requests)
    for path in sorted(set(paths))[: requests // 3]:
        client.get(path)
    return [client.get(path).seconds for path in paths]


def _note(sizes: Sizes) -> str:
    return (
        f"{sizes.jobs:,} jobs with {10 * sizes.jobs:,} events, asked {sizes.requests} times for each line by one client"
        " over HTTP on a connection that it keeps. `/` paths are pages, `/v1` the API."
    )
