"""The queue bench: every queue in turn, so many repeats, into one set of results."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from bench import environment, servers
from bench.machine import folder_on_disk
from bench.queues.contenders import QUEUES, Queue, Server
from bench.queues.measure import MEASURES, Measuring, Sizes
from bench.queues.stage import StageError
from bench.results import Results

FULL = Sizes(one=2_000, many=20_000, drain=10_000, drain_seconds=5, paced=200, per_second=20, idle_seconds=5)
QUICK = Sizes(one=500, many=5_000, drain=3_000, drain_seconds=2, paced=40, per_second=20, idle_seconds=2)


def run(sizes: Sizes, repeats: int, only: Sequence[str]) -> Results:
    """Measure the queues whose names contain one of `only` (all if it is empty)."""
    results = Results("Queues", MEASURES, notes=[_note(sizes, repeats)])
    environment.ensure()
    wanted = [queue for queue in QUEUES if not only or any(part in queue.contender.name for part in only)]
    with folder_on_disk() as folder, _servers(folder, wanted, results) as addresses:
        measuring = Measuring(folder, sizes, addresses.of)
        for repeat in range(repeats):
            for queue in (one for one in wanted if one.contender.name not in results.absent):
                print(f"bench: {queue.contender.name}, repeat {repeat + 1} of {repeats}", file=sys.stderr)
                _measure(queue, measuring, results)
    return results


def _measure(queue: Queue, measuring: Measuring, results: Results) -> None:
    try:
        results.add(queue.contender, measuring.measure(queue))
    except StageError as error:
        print(error, file=sys.stderr)
        results.absent[queue.contender.name] = str(error).splitlines()[0]


class _Addresses:
    """Makes an empty server for each measurement of a queue that needs one."""

    def __init__(self) -> None:
        self.servers: dict[Server, servers.Redis | servers.Postgres] = {}

    def of(self, queue: Queue) -> str:
        return "" if queue.server is None else self.servers[queue.server].fresh()


_START: dict[Server, Callable[[Path], AbstractContextManager[servers.Redis | servers.Postgres]]] = {
    "redis": servers.redis,
    "postgres": servers.postgres,
}


@contextmanager
def _servers(folder: Path, wanted: Sequence[Queue], results: Results) -> Iterator[_Addresses]:
    addresses = _Addresses()
    with ExitStack() as stack:
        for kind, start in _START.items():
            if all(queue.server != kind for queue in wanted):
                continue
            try:
                addresses.servers[kind] = stack.enter_context(start(folder / kind))
                results.notes.append(f"Server: {addresses.servers[kind].version}.")
            except servers.ServerMissingError as error:
                results.absent |= {queue.contender.name: str(error) for queue in wanted if queue.server == kind}
        yield addresses


def _note(sizes: Sizes, repeats: int) -> str:
    return (
        f"{repeats} repeats; {sizes.one:,} jobs one by one, {sizes.many:,} in batches of 1,000, {sizes.drain:,} "
        f"drained (cut after {sizes.drain_seconds:g} s), {sizes.paced} at {sizes.per_second:g}/s for the time to start."
    )
