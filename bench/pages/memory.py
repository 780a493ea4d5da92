"""How much memory a browser and everything beside it take at their worst."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from bench.memory import looking, size_of


@dataclass(slots=True)
class Peak:
    """The most that was seen, in bytes in proportion: of one page's process, and of all together.

    All are the processes under this one, and what this one has grown by.
    """

    renderer: int = 0
    all: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Look while the block runs; time nothing in it."""
    peak, here = Peak(), psutil.Process()
    before = size_of(here)

    def look(processes: Sequence[psutil.Process]) -> None:
        sizes = [(_is_renderer(process), size_of(process)) for process in processes]
        peak.renderer = max([peak.renderer, *(size for renderer, size in sizes if renderer)])
        peak.all = max(peak.all, sum(size for _, size in sizes) + max(0, size_of(here) - before))

    with looking(look):
        yield peak


def _is_renderer(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.Error:
        return False
