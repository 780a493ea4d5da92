"""How much memory the processes that convert documents take at their worst."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from bench.memory import looking, size_of


@dataclass(slots=True)
class Peak:
    """The most that was seen, in bytes in proportion: of one process that came for a document, and of all together."""

    one: int = 0
    all: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Look while the block runs; time nothing in it.

    A process that was there at the start is not taken for one that came for a document, unless no other comes.
    """
    peak = Peak()
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    largest = {"stayed": 0, "came": 0}

    def look(processes: Sequence[psutil.Process]) -> None:
        sizes = [("stayed" if process.pid in before else "came", size_of(process)) for process in processes]
        for which, size in sizes:
            largest[which] = max(largest[which], size)
        peak.one = largest["came"] or largest["stayed"]
        peak.all = max(peak.all, sum(size for _, size in sizes))

    with looking(look):
        yield peak
