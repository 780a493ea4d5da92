"""How much memory the processes under this one take at their worst."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_PAUSE = 0.03


@dataclass(slots=True)
class Peak:
    """The most that was seen, in bytes in proportion: of one process that came for a document, and of all together."""

    one: int = 0
    all: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Look at the processes under this one again and again. Do not time anything meanwhile: looking is work, too.

    A process that was there at the start is not taken for one that came for a document, unless no other comes.
    """
    peak = Peak()
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(peak, done), daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _watch(peak: Peak, done: threading.Event) -> None:
    here = psutil.Process()
    before = {process.pid for process in here.children(recursive=True)}
    largest = {"stayed": 0, "came": 0}
    while not done.wait(_PAUSE):
        sizes = [(process.pid in before, _size(process)) for process in here.children(recursive=True)]
        peak.all = max(peak.all, sum(size for _, size in sizes))
        for stayed, size in sizes:
            name = "stayed" if stayed else "came"
            largest[name] = max(largest[name], size)
        peak.one = largest["came"] or largest["stayed"]


def _size(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(memory, "pss", memory.rss)
